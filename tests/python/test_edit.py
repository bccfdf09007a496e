"""Edits of a policy: what each change says, what is wrong with a text, and whose memory is whose."""

import gc
import weakref

import flowrules
import pytest
from conftest import AS_OF
from flowrules import Policy

TEXT = """
flowrules: 1
protects: nodes
networks: {nodes: 10.0.16.0/24, mirror: 192.0.2.10}
flows:
  - {name: web, source: nodes, destination: mirror, protocol: tcp, port: 443}
targets:
  list: {backend: plain}
"""
SSH = {
    "name": "ssh",
    "source": "198.51.100.7",
    "destination": "nodes",
    "protocol": "tcp",
    "port": 22,
}


@pytest.fixture
def policy():
    with Policy.loads(TEXT, name="policy.yaml", as_of=AS_OF) as loaded:
        yield loaded


def test_a_change_says_what_newly_passes(policy):
    edit = policy.edit()
    changes = edit.add(SSH)
    assert changes.verdict == "different"
    (difference,) = changes.differences
    assert difference.change == "allowed"
    assert difference.destination == "nodes (10.0.16.0/24)"
    assert difference.after.flow == "ssh" and difference.before.flow is None
    text = "{name: ssh, source: 198.51.100.7, destination: nodes, protocol: tcp, port: 2222}"
    changes = edit.replace("ssh", text)
    assert sorted(d.change for d in changes.differences) == ["allowed", "denied"]
    assert edit.replace("ssh", text.encode()).verdict == "equal"
    assert edit.remove("ssh").differences[0].change == "denied"


def test_it_says_the_same_as_a_comparison(policy):
    with policy.edit() as edit:
        changes = edit.add(SSH)
        assert policy.diff(edit.policy()) == changes


def test_the_policy_that_is_edited_stays(policy):
    edit = policy.edit()
    edit.add(SSH)
    now = edit.policy()
    assert [flow.name for flow in now.flows] == ["web", "ssh"]
    assert [flow.name for flow in policy.flows] == ["web"]
    edit.remove("web")
    assert [flow.name for flow in now.flows] == ["web", "ssh"]
    assert now.query("tcp 198.51.100.7 -> 10.0.16.1:22").verdict == "allowed"
    assert "web" in now.render("list").files[0].text


def test_errors_have_their_place_and_change_nothing(policy):
    edit = policy.edit("new.yaml")
    with pytest.raises(flowrules.InvalidPolicy) as caught:
        edit.add("name: dns\nsource: node\ndestination: any\nservice: any\n")
    (told,) = caught.value.diagnostics
    assert (told.file, told.line, told.column) == ("new.yaml", 2, 9)
    with pytest.raises(flowrules.UsageError):
        edit.remove("ssh")
    with pytest.raises(ValueError):
        edit.remove("a\0b")
    assert [flow.name for flow in edit.policy().flows] == ["web"]


def test_lines_of_a_target(policy):
    edit = policy.edit()
    edit.replace("web", TEXT.splitlines()[5].strip(" -").replace("443", "444"))
    changed = edit.lines("list").lines
    assert {line.change for line in changed} == {"added", "removed"}
    assert any("444" in line.text for line in changed if line.change == "added")
    assert all(line.number > 0 and line.file == "list.txt" for line in changed)
    assert edit.lines("list").lines == ()


def test_closing(policy):
    edit = policy.edit()
    now = edit.policy()
    edit.close()
    edit.close()
    with pytest.raises(ValueError):
        edit.remove("web")
    assert now.check() == () and policy.check() == ()
    now.close()
    now.close()
    with pytest.raises(ValueError):
        now.check()
    assert policy.check() == ()
    other = policy.edit()
    left = other.policy()
    policy.close()
    with pytest.raises(ValueError):
        other.remove("web")
    with pytest.raises(ValueError):
        left.check()
    other.close()
    left.close()


def test_what_nobody_refers_to_is_freed(policy):
    made = len(policy._session._made)
    edit = policy.edit()
    kept = weakref.ref(edit)
    for _ in range(5):
        edit.policy()
    del edit
    gc.collect()
    assert kept() is None
    policy.check()
    assert len(policy._session._made) == made


def test_an_edit_keeps_its_session():
    edit = Policy.loads(TEXT, as_of=AS_OF).edit()
    gc.collect()
    assert edit.add(SSH).verdict == "different"
