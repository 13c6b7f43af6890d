"""`python -m evenkeel.simulate`: play the demo clinic's day on, beside a serving clinic."""

import argparse
import os
import signal
import sys
from datetime import UTC, datetime


def main() -> None:
    """Play until told to stop."""
    parser = argparse.ArgumentParser(prog="evenkeel.simulate", description=__doc__)
    parser.add_argument("--mllp-host", default="127.0.0.1")
    parser.add_argument("--mllp-port", type=int, required=True)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    import django

    django.setup()
    from evenkeel.simulate.live import play_on

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = os.getppid()
    play_on(
        chosen.mllp_host,
        chosen.mllp_port,
        # The player of made-up people stands beside the server, and like it looks at the machine's clock.
        now=lambda: datetime.now(UTC),  # noqa: TID251
        # A server that was killed cannot say goodbye.
        is_wanted=lambda: os.getppid() == server,
    )


if __name__ == "__main__":
    main()
