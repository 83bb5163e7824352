"""What Metaflow's own client has to say something about: branches, a retry, a failure, logs."""
import os
import sys

from metaflow import FlowSpec, Parameter, conda, conda_base, current, retry, step


@conda_base(libraries={"demo": ">=1.0", "aaa": "1.0", "np": "1.0", "old": "1.0"}, python=os.environ["FLOW_PYTHON"])
class RichFlow(FlowSpec):
    greeting = Parameter("greeting", default="hello")

    @step
    def start(self):
        print("first line\n\nthird line: \u00fc")
        print("to stderr", file=sys.stderr)
        self.parts = [1, 2]
        self.next(self.fan, foreach="parts")

    @conda(disabled=True)
    @retry(times=1, minutes_between_retries=0)
    @step
    def fan(self):
        print("part", self.input, "attempt", current.retry_count)
        if self.input == 2 and not current.retry_count:
            raise ValueError("the first attempt fails")
        self.next(self.join)

    @conda(disabled=True)
    @step
    def join(self, inputs):
        if os.environ.get("FLOW_FAILS"):
            raise ValueError("join fails")
        self.next(self.end)

    @conda(disabled=True)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    RichFlow()
