"""Memory and threads: what is freed, when and in which order, and who waits for whom."""

import gc
import resource
import threading
import weakref

import flowrules
import pytest
from conftest import AS_OF
from flowrules import Policy, _session
from test_policy import TEXT

KINDS = [name for name in vars(_session.C) if name.endswith("_free")]


@pytest.fixture
def freed(monkeypatch):
    """The kinds of objects in the order in which they are freed; and they are."""
    order = []

    def watch(name, free):
        def watched(handle):
            order.append(name)
            free(handle)

        return watched

    for name in KINDS:
        watched = watch(name[: -len("_free")], getattr(_session.C, name))
        monkeypatch.setattr(_session.C, name, watched)
    return order


def test_a_with_block_frees_the_policy_before_its_context(freed):
    with Policy.loads(TEXT, as_of=AS_OF) as policy:
        assert freed == []
    assert freed == ["policy", "context"]
    policy.close()
    assert freed == ["policy", "context"]


def test_the_last_reference_frees_it(freed):
    policy = Policy.loads(TEXT, as_of=AS_OF)
    watched = weakref.ref(policy)
    del policy
    assert watched() is None and freed == ["policy", "context"]


def test_a_circle_is_collected(freed):
    policy = Policy.loads(TEXT, as_of=AS_OF)
    policy.itself = [policy]
    del policy
    gc.collect()
    assert freed == ["policy", "context"]


def test_what_is_made_on_the_way_is_freed_at_once(freed):
    policy = Policy.loads(TEXT, as_of=AS_OF)
    artifact = policy.render("nft")
    policy.explain(), policy.query("tcp 198.51.100.7 -> server:22")
    policy.verify("nft", artifact), policy.probe(from_="office")
    assert freed == (
        ["artifact", "report", "answer"]
        + ["comparison", "meaning", "configuration", "meaning"]
        + ["artifact", "probe"]
    )


def test_what_fails_is_freed(freed):
    with pytest.raises(flowrules.InvalidPolicy):
        Policy.loads("flowrules: 1\n")
    assert freed == ["context"]
    with pytest.raises(flowrules.UsageError):
        Policy.loads(TEXT, no_such="option")
    assert freed == ["context", "context"]
    flowrules.backends(), flowrules.schema()
    assert freed == ["context"] * 4
    policy = Policy.loads(TEXT, as_of=AS_OF)
    with pytest.raises(flowrules.Unreadable):
        policy.verify("nft", "no-such-file")
    assert freed[4:] == ["configuration", "meaning"]


def test_a_closed_policy_says_so():
    policy = Policy.loads(TEXT, as_of=AS_OF)
    artifact, flows = policy.render("nft"), policy.flows
    policy.close()
    for call in (policy.check, policy.explain, lambda: policy.render("nft"), policy.resolve):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(ValueError, match="closed"):
        Policy.loads(TEXT, as_of=AS_OF).diff(policy)
    unread = Policy.loads(TEXT, as_of=AS_OF)
    unread.close()
    with pytest.raises(ValueError, match="closed"):
        unread.flows
    assert repr(unread) == "<Policy 'Two flows': 2 flows, 2 targets>"
    # These are Python's own.
    assert policy.flows is flows and policy.title and artifact.files[0].text


def test_memory_does_not_grow():
    def rounds(count):
        for _ in range(count):
            with Policy.loads(TEXT, as_of=AS_OF) as policy:
                policy.verify("nft", policy.render("nft"))
            with pytest.raises(flowrules.InvalidPolicy):
                Policy.loads("flowrules: 1\n")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = rounds(50)
    assert rounds(300) - before < 4096  # KiB; a policy that stays is some 100


def in_threads(count, work):
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "it hangs"
    assert failures == []


def test_threads_share_a_policy():
    with Policy.loads(TEXT, as_of=AS_OF) as policy:
        expected = [policy.render(target.name) for target in policy.targets]

        def work(number):
            for _ in range(20):
                assert policy.render(policy.targets[number % 2].name) == expected[number % 2]
                with pytest.raises(flowrules.UsageError) as caught:
                    policy.render(f"none-{number}")
                (told,) = caught.value.diagnostics  # its own, and of no other thread
                assert f"'none-{number}'" in told.message

        in_threads(4, work)


def test_threads_compare_policies_both_ways():
    one = Policy.loads(TEXT, as_of=AS_OF)
    other = Policy.loads(TEXT.replace("443", "444"), as_of=AS_OF)

    def work(number):
        for _ in range(20):
            before, after = (one, other) if number % 2 else (other, one)
            assert before.diff(after).verdict == "different"

    in_threads(4, work)


def test_threads_make_and_drop_policies():
    def work(_):
        for _ in range(20):
            assert Policy.loads(TEXT, as_of=AS_OF).render("nft").files
            gc.collect(0)

    in_threads(4, work)


def test_one_thread_closes_what_another_uses():
    policy = Policy.loads(TEXT, as_of=AS_OF)
    begun = threading.Event()

    def work(number):
        if number == 0:
            begun.wait(30)
            policy.close()
            return
        with pytest.raises(ValueError, match="closed"):
            while True:
                policy.render("nft")
                begun.set()

    in_threads(3, work)
