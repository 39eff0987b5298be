"""`python -m tests.fuzz --inputs 10000 --seed 1`: damaged films through the transcoder; exit 1 if harmed."""

import argparse
import sys
import time

from tests.fuzz.run import Summary, fuzz


def main() -> int:
    """Run and print; the last line is the summary."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the first input's; input n has seed + n")
    wanted = parser.parse_args()
    began = time.monotonic()

    told = 0

    def report(summary: Summary) -> None:
        nonlocal told
        rate = summary.inputs / (time.monotonic() - began)
        print(*summary.bad[told:], sep="\n", end="\n" if summary.bad[told:] else "")
        told = len(summary.bad)
        print(f"\r{summary.inputs} of {wanted.inputs}, {rate:.1f} a second, {told} bad ", end="", flush=True)

    summary = fuzz(wanted.inputs, wanted.seed, report)
    report(summary)
    print(f"\nseed {wanted.seed}, {time.monotonic() - began:.0f} s: {summary.line()}")
    return 0 if summary.clean else 1


if __name__ == "__main__":
    sys.exit(main())
