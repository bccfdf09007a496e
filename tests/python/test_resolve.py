"""Resolving by a function of Python: what it may answer, and what becomes of its exceptions."""

import datetime
import ipaddress
import json

import flowrules
import pytest
from conftest import AS_OF
from flowrules import CannotResolve, Policy, Resolved

TEXT = """\
flowrules: 1
protects: [server]
networks:
  server: [192.0.2.10]
  mirror: [a.example.com, b.example.com]
flows:
  - {name: out, source: server, destination: mirror, protocol: tcp, port: 443}
targets:
  nft: {backend: nftables, direction: egress}
"""


@pytest.fixture
def policy():
    with Policy.loads(TEXT, "made.yaml", as_of=AS_OF) as loaded:
        yield loaded


def test_what_it_answers_gets_into_the_lock_file(policy, tmp_path):
    answers = {
        "a.example.com": ["203.0.113.1", ipaddress.ip_address("2001:db8::1")],
        "b.example.com": Resolved(("203.0.113.2",), aliases=("c.example.net",), ttl=60),
    }
    resolution = policy.resolve(answers.__getitem__)
    first, second = resolution.names
    assert (first.text, first.status, first.reason, first.ttl) == ("a.example.com", "new", None, 0)
    assert first.addresses == (("203.0.113.1", "new"), ("2001:db8::1", "new"))
    assert (second.ttl, second.aliases) == (60, ("c.example.net",))
    assert resolution.changed and set(json.loads(resolution.lock)["names"]) == set(answers)
    with pytest.raises((flowrules.Unresolved, flowrules.Refused)):
        policy.render("nft")
    lock = tmp_path / "lock"
    lock.write_text(resolution.lock)
    with Policy.loads(TEXT, as_of=AS_OF, lock=lock) as pinned:
        assert "203.0.113.2" in pinned.render("nft").files[0].text
        again = pinned.resolve(answers.__getitem__)
        assert not again.changed and [name.status for name in again.names] == ["same", "same"]


ASSERTIONS = b"""\
flowrules: 1
networks:
  partner: [partner.example.org, 192.0.2.0/24]
zones:
  partner: partner
assertions:
  - {never: {source: any, destination: {except: evil.example.org}}}
"""


def test_names_of_assertions_are_asked_for(policy):
    asked = []

    def resolver(name):
        asked.append(name)
        return ["203.0.113.1"]

    source = flowrules.File("security.yaml", ASSERTIONS, False)
    policy.resolve(resolver, assertions=[source])
    names = ["a.example.com", "b.example.com", "evil.example.org", "partner.example.org"]
    assert sorted(asked) == names
    asked.clear()
    policy.resolve(resolver, assertions=[source], names="partner.example.org")
    assert asked == ["partner.example.org"]
    with pytest.raises(flowrules.UsageError):
        policy.resolve(resolver, names="partner.example.org")


def test_names_can_be_narrowed(policy):
    asked = []

    def resolver(name):
        asked.append(name)
        return ["203.0.113.1"]

    policy.resolve(resolver, names=["b.example.com"])
    policy.resolve(resolver, targets=["nft"], networks="mirror")
    assert asked == ["b.example.com", "a.example.com", "b.example.com"]
    with pytest.raises(flowrules.UsageError):
        policy.resolve(resolver, targets=["no-such"])


def test_what_cannot_be_resolved_is_told_with_the_rest(policy):
    def resolver(name):
        if name.startswith("a."):
            raise CannotResolve("not in the inventory")
        return ["203.0.113.2"]

    with pytest.raises(flowrules.Unresolved, match="a.example.com") as caught:
        policy.resolve(resolver)
    failed, found = caught.value.resolution.names
    assert (failed.status, failed.reason) == ("failed", "not in the inventory")
    assert found.addresses == (("203.0.113.2", "new"),)
    assert "203.0.113.2" in caught.value.resolution.lock


@pytest.mark.parametrize("error", [KeyError("oh"), KeyboardInterrupt(), SystemExit(3)])
def test_exceptions_pass_through(policy, error):
    asked = []

    def resolver(name):
        asked.append(name)
        raise error

    with pytest.raises(type(error)) as caught:
        policy.resolve(resolver)
    assert caught.value is error and len(asked) == 1
    assert caught.traceback[-1].name == "resolver"
    assert policy.resolve(lambda name: ["203.0.113.1"]).changed


@pytest.mark.parametrize(
    "answer",
    [
        ["no address"],
        ["203.0.113.1\0"],
        ["fe80::1%eth0"],
        [None],
        [7],
        7,
        Resolved(("203.0.113.1",), ttl=-1),
        Resolved(("203.0.113.1",), aliases=tuple(f"a{i}.example.net" for i in range(99))),
    ],
    ids=str,
)
def test_a_wrong_answer_is_an_error(policy, answer):
    with pytest.raises((ValueError, TypeError)):
        policy.resolve(lambda name: answer)


def test_too_many_addresses_are_not_believed(policy):
    many = [f"203.0.113.{i}" for i in range(9)]
    with pytest.raises(flowrules.Unresolved, match="addresses"):
        policy.resolve(lambda name: many, max_addresses=8)
    assert policy.resolve(lambda name: many).changed  # the option was for once


def test_progress_is_told(policy):
    told = []
    policy.resolve(lambda name: ["203.0.113.1"], progress=lambda *both: told.append(both))
    assert told[-1] == (2, 2) and told == sorted(told)

    def interrupt(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        policy.resolve(lambda name: ["203.0.113.1"], progress=interrupt)


def test_a_resolver_can_not_use_the_policy_that_asks(policy):
    for call in (policy.close, lambda: policy.render("nft"), lambda: policy.resolve()):
        with pytest.raises(RuntimeError, match="in use"):
            policy.resolve(lambda name: call())
    with Policy.loads(TEXT, as_of=AS_OF) as other:

        def resolver(name):
            assert len(other.explain()) == 1
            return ["203.0.113.1"]

        assert policy.resolve(resolver).changed


def test_options_are_those_of_the_library(policy):
    for other in ({"no_such": 1}, {"as_of": AS_OF}, {"lock": "x"}):
        with pytest.raises(TypeError, match=f"no option {list(other)[0]}; there are server, "):
            policy.resolve(lambda name: [], **other)
    with pytest.raises(flowrules.UsageError):
        policy.resolve(lambda name: [], timeout=0.00001)
    assert policy.resolve(lambda name: ["203.0.113.1"], timeout=0.5, merge=True, keep_days=3)


def test_the_dns_is_asked_without_a_resolver(policy):
    """Of a server that is none: loopback, and a port where nobody is."""
    with pytest.raises(flowrules.FlowrulesError) as caught:
        policy.resolve(server="127.0.0.1:9", timeout=0.2, tries=1, deadline=5)
    assert caught.value.diagnostics


def test_the_day_is_that_of_the_policy(policy):
    today = Policy.loads(TEXT).resolve(lambda name: ["203.0.113.1"])
    assert datetime.date.today().isoformat() in today.lock
    assert AS_OF in policy.resolve(lambda name: ["203.0.113.1"]).lock
