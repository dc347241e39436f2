# SPDX-License-Identifier: Apache-2.0
"""What users and groups were granted counts under the issuer it was granted under."""

import uuid

import pytest
from harness.api import Api, message
from harness.signer import ISSUER, Signer
from harness.surfaces import Grpc, Rest
from harness.verify import Asker, World

OTHER = "https://other.example"
MANAGE = {"capability_key": "auth.manage"}


class Restarted:
    """A server that trusts one issuer at a time; all of them have the same key."""

    def __init__(self, server, signer):
        self.server, self.signer, self.world = server, signer, World(server)
        self.issuer = ISSUER

    def under(self, issuer):
        assert self.server.stop() == 0
        self.server.flags, self.issuer = self.signer.flags(issuer), issuer
        self.server.start()

    def token(self, subject, **claims):
        return self.signer.token(subject, issuer=self.issuer, **claims)

    def manages(self, token):
        """Whether who has it may create service accounts, or by what code not."""
        by_grpc = Grpc(self.server)
        codes = {surface.create(self.world.account, "one", token=token).code
                 for surface in (by_grpc, Rest(self.server, "--http1.1"))}
        by_grpc.close()
        assert len(codes) == 1, codes
        return codes.pop()

    def holds(self, token):
        """Whether those who ask about it are told that it may manage."""
        asker = Asker(self.server, self.world.owner)
        reason = asker.reason(token, account_id=self.world.account,
                              requirement={"capability": MANAGE})
        asker.close()
        return reason == ""

    def listed(self):
        """The ids of all grants to users and groups, as the owner sees them."""
        by_rest = {grant["id"] for grant in self.world.call("GET", self.world.grants_path())
                   if grant["subject_type"] != "service_account"}
        with Api(self.server) as api:
            answer = api.call("signet.v1.Authorizations/ListAuthorizations",
                              message("signet.v1.ListAuthorizationsRequest",
                                      account_id=self.world.account),
                              "signet.v1.ListAuthorizationsResponse", token=self.world.owner)
        by_grpc = {grant.id for grant in answer.message.authorizations
                   if grant.subject_type != "service_account"}
        assert by_rest == by_grpc
        return by_rest


@pytest.fixture
def restarted(start, tmp_path):
    signer = Signer(tmp_path)
    return Restarted(start(*signer.flags()), signer)


def test_another_issuers_users_and_groups_inherit_nothing(restarted):
    world, owner, named = restarted.world, str(uuid.uuid4()), "alice"
    grants = {name: grant["id"] for name, grant in {
        "owner": world.grant(owner, "user", grant_kind="account_owner"),
        "named": world.grant(named, "user", **MANAGE),
        "group": world.grant("admins", "group", **MANAGE)}.items()}

    def callers():
        return {"owner": restarted.token(owner), "named": restarted.token(named),
                "group": restarted.token(str(uuid.uuid4()), groups=["admins"])}

    def assert_all(code):
        for name, token in callers().items():
            assert restarted.manages(token) == code, name
            assert restarted.holds(token) is (code == "OK"), name

    assert_all("OK")
    before = callers()

    restarted.under(OTHER)
    assert_all("PERMISSION_DENIED")
    assert restarted.manages(before["owner"]) == "UNAUTHENTICATED"
    # Who keeps order still sees the old grants, and takes one away.
    assert restarted.listed() == set(grants.values())
    assert world.ungrant({"id": grants["named"]})["revoked_at"] is not None
    # The present issuer's user is granted the same for itself.
    anew = world.grant(owner, "user", grant_kind="account_owner")
    assert anew["id"] not in grants.values()
    assert world.grant(owner, "user", grant_kind="account_owner")["id"] == anew["id"]
    assert restarted.manages(restarted.token(owner)) == "OK"
    assert world.ungrant(anew)["revoked_at"] is not None
    assert restarted.manages(restarted.token(owner)) == "PERMISSION_DENIED"

    restarted.under(ISSUER)
    assert restarted.listed() == {grants["owner"], grants["group"]}
    told = {name: restarted.manages(token) for name, token in callers().items()}
    assert told == {"owner": "OK", "group": "OK", "named": "PERMISSION_DENIED"}


def test_an_owner_of_another_issuer_does_not_let_the_last_one_go(restarted):
    world = restarted.world
    world.grant(str(uuid.uuid4()), "user", grant_kind="account_owner")
    mine = next(grant for grant in world.call("GET", world.grants_path())
                if grant["subject_type"] == "service_account"
                and grant["grant_kind"] == "account_owner")
    restarted.under(OTHER)
    with Api(restarted.server) as api:
        refused = api.call("signet.v1.Authorizations/RevokeAuthorization",
                           message("signet.v1.RevokeAuthorizationRequest",
                                   account_id=world.account, authorization_id=mine["id"]),
                           "signet.v1.Authorization", token=world.owner)
    assert (refused.code.name, refused.reason) == ("FAILED_PRECONDITION", "LAST_OWNER")
    restarted.under(ISSUER)
    assert world.ungrant(mine)["revoked_at"] is not None
