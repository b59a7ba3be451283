"""The command under test, and what counts as a difference."""

import functools
import subprocess


class Difference(Exception):
    pass


class Affinsy:
    """The command on one case. `spoil` may change what it says, to see whether that is noticed."""

    def __init__(self, command, path, case, support, spoil):
        self.begin = [command, "mine", str(path), "--min-support-count", str(support)]
        self.begin += ["--threads", str(case.threads)]
        self.begin += ["--max-itemset-size", str(case.max_size)] if case.max_size else []
        self.begin += ["--strategy", case.strategy] if has_strategies(command) else []
        self.spoil, self.last = spoil, ""

    def says(self, kind, *options):
        self.last = " ".join([*self.begin, *options])
        done = subprocess.run([*self.begin, *options], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Difference(f"exit {done.returncode}: {done.stderr}")
        return self.spoil(kind, done.stdout)


@functools.cache
def has_strategies(command):
    return "--strategy" in subprocess.run([command, "mine", "--help"], capture_output=True, text=True, check=True).stdout
