"""All figures of speed, measured on this machine now: ``make bench``."""

import decode
import epoch
import noop
import start
import times
import workers

if __name__ == "__main__":
    for part in (times, start, noop, epoch, workers, decode):
        part.main()
