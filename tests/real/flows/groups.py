"""Steps of two requirement sets, one without any, one of a named environment."""
import os

from metaflow import FlowSpec, conda, step

PYTHON = os.environ["FLOW_PYTHON"]


class GroupsFlow(FlowSpec):
    @conda(libraries={"demo": ">=1.0"}, python=PYTHON)
    @step
    def start(self):
        self.next(self.train)

    @conda(libraries={"np": "1.0"}, python=PYTHON)
    @step
    def train(self):
        self.next(self.check)

    @conda(libraries={"demo": ">=1.0"}, python=PYTHON)
    @step
    def check(self):
        self.next(self.end)

    @conda(disabled=True)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    GroupsFlow()
