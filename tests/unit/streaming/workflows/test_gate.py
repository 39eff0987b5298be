"""One at a time goes in: starts of films first, then whoever came first."""

import threading

from streaming.workflows.gate import Gate


def never() -> bool:
    return False


def test_priority_goes_first_and_then_arrival() -> None:
    gate, order, lock = Gate(1), [], threading.Lock()
    ready = threading.Semaphore(0)

    def go(priority: int, name: str) -> None:
        ready.release()
        with gate.enter(priority, never) as inside:
            assert inside
            with lock:
                order.append(name)

    with gate.enter(0, never):
        threads = []
        for priority, name in ((1, "a"), (1, "b"), (0, "start")):
            threads.append(threading.Thread(target=go, args=(priority, name)))
            threads[-1].start()
            assert ready.acquire(timeout=5)
            while gate.waiting < len(threads):
                pass
    for thread in threads:
        thread.join(10)
    assert order == ["start", "a", "b"]


def test_whoever_gives_up_leaves_without_blocking_others() -> None:
    gate = Gate(1)
    with gate.enter(1, never), gate.enter(0, lambda: True) as inside:
        assert not inside
    with gate.enter(1, never) as inside:
        assert inside


def test_as_many_go_in_as_there_is_room() -> None:
    gate = Gate(2)
    with gate.enter(1, never) as one, gate.enter(1, never) as two, gate.enter(1, lambda: True) as three:
        assert (one, two, three) == (True, True, False)


def test_a_fault_inside_frees_the_place() -> None:
    gate = Gate(1)
    try:
        with gate.enter(1, never):
            raise ValueError
    except ValueError:
        pass
    with gate.enter(1, never) as inside:
        assert inside
