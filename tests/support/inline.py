"""Guarded work in the tests' own process, for tests of the work and not of the guard: a new process takes a second."""

import pickle
from collections import deque
from dataclasses import replace

from tailwise.core.system import guarded
from tailwise.core.system.guarded import Begun, Done, Failed, portable


class Inline:
    """Stands in for guarded.Worker: does a job when it is started, and hands over its messages one by one."""

    def __init__(self, work, timeout_s):
        self.work, self.job, self.messages = pickle.loads(pickle.dumps(work)), None, deque()

    def start(self, job):
        self.job = job
        try:
            result = self.work(job.item, lambda part: self.messages.append(Begun(part)))
            self.messages.append(Done(pickle.loads(pickle.dumps(result))))
        except Exception as error:
            self.messages.append(Failed(portable(error)))

    def poll(self):
        job, message = self.job, self.messages.popleft()
        self.job = replace(job, part=message.part) if isinstance(message, Begun) else None
        return job, message

    def stop(self):
        pass


def patch(monkeypatch) -> None:
    monkeypatch.setattr(guarded, "Worker", Inline)
    monkeypatch.setattr(guarded, "receive", lambda pool: [worker.poll() for worker in pool if worker.job])
