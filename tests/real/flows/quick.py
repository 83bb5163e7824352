"""One step in an environment, one without."""
import os
import sys

from metaflow import FlowSpec, conda, conda_base, step


@conda_base(libraries={"demo": ">=1.0", "aaa": "1.0", "np": "1.0", "old": "1.0"}, python=os.environ["FLOW_PYTHON"])
class QuickFlow(FlowSpec):
    @step
    def start(self):
        import demo
        print("USED", demo.__version__, sys.prefix)
        self.next(self.end)

    @conda(disabled=True)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    QuickFlow()
