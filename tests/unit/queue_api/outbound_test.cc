#include "controlplane/model/outbound.h"

#include <gtest/gtest.h>

#include <set>

#include "controlplane/model/outbound_lease.h"
#include "tests/unit/queue_api/queue_rig.h"

namespace gatepost::controlplane {
namespace {

using std::chrono::seconds;

std::vector<std::string> ids_of(const OutboundLease& lease) {
    std::vector<std::string> ids;
    for (const LeasedMessage& message : lease.messages) ids.push_back(message.blob_id);
    return ids;
}

OutboundLease take(Connection& connection, const LeaseLimits& limits = {}) {
    auto lease = lease_take(connection, limits);
    EXPECT_TRUE(lease) << (lease ? "" : lease.error().message);
    return lease ? std::move(*lease) : OutboundLease();
}

std::vector<std::string> ended(Connection& connection, const OutboundLease& lease,
                               const std::vector<std::string>& ids,
                               LeaseOutcome outcome = LeaseOutcome::delivered) {
    auto done = lease_end(connection, lease.id, ids, outcome, "because");
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return done ? *done : std::vector<std::string>();
}

TEST(Outbound, ListsAndFilters) {
    Connection connection = mail_database();
    const int64_t first = queue(connection, 1, "eve@example.net", {1, 2, 3}, "held");
    const int64_t second = queue(connection, 1, "Bob@Example.COM", {1, 2, 3});
    queue(connection, 2, "eve@example.net", {1, 9, 3}, "delivered");

    const auto all = outbound_list(connection);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->size(), 2U) << "what is done is not listed";
    EXPECT_EQ((*all)[0].id, first);
    EXPECT_EQ((*all)[0].sender, "ada@example.org");
    EXPECT_EQ((*all)[0].body, (storage::BodyLocation{1, 2, 3}));
    EXPECT_EQ((*all)[1].state, "ready");

    EXPECT_EQ(outbound_list(connection, {.state = "delivered"})->size(), 1U);
    EXPECT_EQ(outbound_list(connection, {.recipient = "@example.com"})->front().id, second);
    EXPECT_EQ(outbound_list(connection, {.recipient = "bob@example.com"})->size(), 1U);
    EXPECT_TRUE(outbound_list(connection, {.recipient = "@ample.com"})->empty());
    EXPECT_EQ(outbound_list(connection, {.sender = "@example.org"})->size(), 2U);
    EXPECT_EQ(outbound_list(connection, {.blob_id = blob(1)})->size(), 2U);
    EXPECT_EQ(outbound_list(connection, {.after = first})->front().id, second);
    EXPECT_EQ(outbound_list(connection, {.limit = 1})->size(), 1U);
    EXPECT_ERROR(outbound_get(connection, 999), ErrorCode::refused, "999");
    EXPECT_EQ(outbound_get(connection, second)->recipient, "Bob@Example.COM");
}

TEST(Outbound, HoldReleaseRemove) {
    Connection connection = mail_database();
    const int64_t one = queue(connection, 1, "a@example.net", {1, 2, 3}, "held");
    const int64_t two = queue(connection, 2, "b@example.net", {1, 2, 3});
    const int64_t three = queue(connection, 3, "c@example.net", {1, 2, 3});
    const OutboundLease lease = take(connection, {.messages = 1});
    ASSERT_EQ(ids_of(lease), std::vector{blob(2)});

    using Action = OutboundAction;
    EXPECT_ERROR(outbound_change(connection, {.ids = {three, two}}, Action::hold, "x", {}),
                 ErrorCode::refused, "handed out until");
    EXPECT_EQ(states(connection), "held leased ready") << "all or nothing";
    EXPECT_ERROR(outbound_change(connection, {.ids = {77}}, Action::release, "", {}),
                 ErrorCode::refused, "77");
    EXPECT_ERROR(outbound_change(connection, {.ids = {one}}, Action::hold, "", {}),
                 ErrorCode::refused, "held");

    const auto dry =
        outbound_change(connection, {.ids = {three}}, Action::hold, "stop", {.dry_run = true});
    ASSERT_TRUE(dry);
    EXPECT_EQ(dry->size(), 1U);
    EXPECT_EQ(states(connection), "held leased ready");
    ASSERT_TRUE(outbound_change(connection, {.ids = {three}}, Action::hold, "stop", {}));
    EXPECT_EQ(outbound_get(connection, three)->held_reason, "stop");

    const auto released =
        outbound_change(connection, {.matching = OutboundFilter{}}, Action::release, "", {});
    ASSERT_TRUE(released) << released.error().message;
    EXPECT_EQ(released->size(), 2U) << "a lease is passed over";
    EXPECT_EQ(states(connection), "ready leased ready");
    const auto removed =
        outbound_change(connection, {.matching = OutboundFilter{.recipient = "@example.net"}},
                        Action::remove, "", {});
    ASSERT_TRUE(removed);
    EXPECT_EQ(states(connection), "leased");
    EXPECT_EQ(audit_actions(connection).find("queue.remove queue") != std::string::npos, true)
        << audit_actions(connection);
}

TEST(Outbound, AutoReleaseIsForWhatComes) {
    Connection connection = mail_database();
    queue(connection, 1, "a@example.net", {1, 2, 3}, "held");
    EXPECT_EQ(outbound_set_auto_release(connection, true, {}).value(), false);
    queue(connection, 2, "a@example.net", {1, 2, 3}, "held");
    EXPECT_EQ(states(connection), "held ready");
    const auto stat = outbound_stat(connection);
    ASSERT_TRUE(stat) << stat.error().message;
    EXPECT_TRUE(stat->auto_release);
    ASSERT_EQ(stat->states.size(), 5U);
    EXPECT_EQ(stat->states[0].state, "held");
    EXPECT_EQ(stat->states[0].messages, 1U);
    EXPECT_EQ(stat->states[1].octets, 3U);
    EXPECT_EQ(stat->states[2].oldest_at, "");
    EXPECT_EQ(outbound_set_auto_release(connection, false, {}).value(), true);
    queue(connection, 3, "a@example.net", {1, 2, 3}, "held");
    EXPECT_EQ(states(connection), "held ready held");
}

TEST(OutboundLease, AMessageWithItsRecipientsOldestFirst) {
    Connection connection = mail_database();
    queue(connection, 5, "a@example.net", {1, 2, 3});
    queue(connection, 4, "b@example.net", {1, 2, 3});
    queue(connection, 5, "c@example.net", {1, 2, 3});
    queue(connection, 5, "held@example.net", {1, 2, 3}, "held");
    const OutboundLease lease = take(connection);
    EXPECT_EQ(ids_of(lease), (std::vector{blob(5), blob(4)}));
    ASSERT_EQ(lease.messages[0].recipients.size(), 2U);
    EXPECT_EQ(lease.messages[0].recipients[1].recipient, "c@example.net");
    EXPECT_EQ(states(connection), "leased leased leased held");
    EXPECT_TRUE(take(connection).id.empty()) << "nothing is handed out twice";

    EXPECT_EQ(ended(connection, lease, {blob(5), blob(9)}), std::vector{blob(5)});
    EXPECT_TRUE(ended(connection, lease, {blob(5)}).empty()) << "once";
    EXPECT_EQ(states(connection), "delivered leased delivered held");
    EXPECT_EQ(ended(connection, lease, {blob(4)}, LeaseOutcome::retry), std::vector{blob(4)});
    const OutboundLease again = take(connection);
    ASSERT_EQ(ids_of(again), std::vector{blob(4)});
    EXPECT_EQ(again.messages[0].recipients[0].attempts, 1);
    EXPECT_EQ(again.messages[0].recipients[0].last_error, "because");
    ended(connection, again, {blob(4)}, LeaseOutcome::failed);
    EXPECT_EQ(states(connection), "delivered failed delivered held");
}

TEST(OutboundLease, WhatIsNotToldOfComesAgain) {
    Connection connection = mail_database();
    queue(connection, 1, "a@example.net", {1, 2, 3});
    const OutboundLease lease = take(connection);
    must(connection, "UPDATE gatepost.outbound SET lease_expires_at = now() - interval '1 s'");
    const OutboundLease again = take(connection);
    ASSERT_EQ(ids_of(again), std::vector{blob(1)});
    EXPECT_NE(again.id, lease.id);
    EXPECT_EQ(again.messages[0].recipients[0].attempts, 1);
    EXPECT_TRUE(ended(connection, lease, {blob(1)}).empty()) << "it is somebody else's by now";
    EXPECT_EQ(ended(connection, again, {blob(1)}).size(), 1U);
    EXPECT_ERROR(lease_message(connection, again.id, blob(1)), ErrorCode::refused, "no longer");
}

TEST(OutboundLease, LimitsOfMessagesAndOctets) {
    Connection connection = mail_database();
    for (unsigned number = 1; number <= 51; ++number)
        queue(connection, number, "a@example.net", {1, 2, 100});
    EXPECT_EQ(take(connection).messages.size(), kLeaseMessagesMax);
    EXPECT_EQ(ids_of(take(connection)), std::vector{blob(51)});

    queue(connection, 60, "a@example.net", {1, 2, 1000});
    queue(connection, 61, "a@example.net", {1, 2, 100});
    EXPECT_EQ(ids_of(take(connection, {.octets = 1050})), std::vector{blob(60)});
    queue(connection, 62, "a@example.net", {1, 2, 5000});
    EXPECT_EQ(ids_of(take(connection, {.octets = 1050})), std::vector{blob(61)});
    EXPECT_EQ(ids_of(take(connection, {.octets = 1050})), std::vector{blob(62)})
        << "one message, however large";
}

TEST(OutboundLease, WhoeverFetchesAtOnceGetsOthers) {
    std::string dsn;
    Connection connection = mail_database(&dsn);
    for (unsigned number = 1; number <= 4; ++number)
        queue(connection, number, "a@example.net", {1, 2, 100});
    // Another one has the first two, and has not committed.
    Connection other = *Connection::open(dsn, "test");
    must(other, "BEGIN; SELECT FROM gatepost.outbound ORDER BY id LIMIT 2 FOR UPDATE");
    EXPECT_EQ(ids_of(take(connection)), (std::vector{blob(3), blob(4)}));
    must(other, "ROLLBACK");
    EXPECT_EQ(ids_of(take(connection)), (std::vector{blob(1), blob(2)}));
}

}  // namespace
}  // namespace gatepost::controlplane
