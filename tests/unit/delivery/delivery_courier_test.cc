#include <gtest/gtest.h>

#include <random>

#include "tests/unit/delivery/delivery_rig.h"

namespace gatepost::tests {
namespace {

using dataplane::DeliveryQueue;
using storage::AuthFailure;
using storage::DeliveryOutcome;
using storage::DeliveryRequest;
using storage::LoginNote;

// Turns until the control plane has got so many requests, or 200 turns are over.
std::vector<DeliveryRequest> take(DeliveryRig& rig, FakeControlPlane& plane, size_t count) {
    std::vector<DeliveryRequest> requests;
    for (int turns = 0; requests.size() < count && turns < 200; ++turns) {
        rig.turn();
        for (DeliveryRequest& request : plane.receive()) requests.push_back(std::move(request));
    }
    EXPECT_EQ(requests.size(), count);
    return requests;
}

void settle(DeliveryRig& rig, int turns = 10) {
    while (turns-- > 0) rig.turn();
}

TEST(DeliveryCourier, DeliversAndTellsTheStore) {
    DeliveryRig rig;
    FakeControlPlane plane(rig.connect());
    const BlobId first = rig.accept("first").entry.id;
    const BlobId second = rig.accept("second").entry.id;
    const auto requests = take(rig, plane, 2);
    EXPECT_EQ(requests[0].subject, "first");
    EXPECT_EQ(requests[1].subject, "second");
    EXPECT_EQ(requests[0].body.size, 5u);
    EXPECT_EQ(requests[0].summary, facts_of("first").summary);
    EXPECT_EQ(storage::decode_envelope(requests[0].envelope).value(),
              rig.store.messages.at(first).envelope);
    EXPECT_TRUE(rig.store.done_count.empty()) << "before the answer";

    plane.answer(requests[1].sequence, DeliveryOutcome::stored);
    plane.answer(requests[0].sequence, DeliveryOutcome::duplicate);
    settle(rig);
    EXPECT_EQ(rig.store.done_count, (std::map<BlobId, int>{{first, 1}, {second, 1}}));
    EXPECT_EQ(rig.counters.delivered, 1u);
    EXPECT_EQ(rig.counters.duplicates, 1u);
    EXPECT_EQ(rig.counters.waiting, 0u);
    EXPECT_EQ(rig.counters.memory_octets, 0u);
    EXPECT_EQ(rig.counters.oldest_unix_ms, 0u);
    EXPECT_EQ(rig.store.reads, 0) << "nothing was read back";
}

TEST(DeliveryCourier, MessagesOfAnEarlierProcessAreReadBack) {
    DeliveryRig rig;
    const std::string body(200'000, 'x');
    const auto& message = rig.store.add(body, {{.address = "ada@example.org"}});
    rig.find(message);
    settle(rig);
    EXPECT_EQ(rig.store.reads, 0) << "there is no connection";
    FakeControlPlane plane(rig.connect());
    const auto requests = take(rig, plane, 1);
    EXPECT_EQ(requests[0].summary, facts_of(body).summary);
    EXPECT_EQ(storage::decode_envelope(requests[0].envelope).value(), message.envelope);
    EXPECT_EQ(rig.counters.read_back, 1u);
    EXPECT_EQ(rig.counters.oldest_unix_ms, message.envelope.received_us / 1000);
}

TEST(DeliveryCourier, FactsThatDoNotComeAreWorkedOut) {
    DeliveryRig rig;
    FakeControlPlane plane(rig.connect());
    rig.accept_without_facts("nobody told");
    settle(rig);
    EXPECT_TRUE(plane.receive().empty());
    rig.turn(DeliveryQueue::kFactsWaitMs);
    const auto requests = take(rig, plane, 1);
    EXPECT_EQ(requests[0].subject, "nobody told");
    EXPECT_EQ(rig.counters.read_back, 1u);
}

TEST(DeliveryCourier, WhatCannotBeReadIsTriedAgain) {
    DeliveryRig rig;
    FakeControlPlane plane(rig.connect());
    rig.store.reads_to_fail = 2;
    rig.find(rig.store.add("broken for a while", {}));
    settle(rig);
    EXPECT_EQ(rig.counters.read_failures, 1u);
    EXPECT_EQ(rig.counters.waiting, 1u);
    rig.turn(DeliveryQueue::kPutOffMsMin);
    EXPECT_EQ(rig.counters.read_failures, 2u);
    rig.turn(DeliveryQueue::kPutOffMsMin);
    EXPECT_EQ(rig.store.reads, 2) << "the second wait is longer";
    rig.turn(DeliveryQueue::kPutOffMsMin);
    EXPECT_EQ(take(rig, plane, 1)[0].subject, "broken for a while");
}

TEST(DeliveryCourier, WhatIsPutOffHoldsNothingBack) {
    DeliveryRig rig;
    FakeControlPlane plane(rig.connect());
    rig.accept("bad");
    rig.accept("good");
    auto requests = take(rig, plane, 2);
    plane.answer(requests[0].sequence, DeliveryOutcome::retry_later, "not today");
    plane.answer(requests[1].sequence, DeliveryOutcome::stored);
    settle(rig);
    EXPECT_EQ(rig.counters.retried, 1u);
    EXPECT_EQ(rig.counters.delivered, 1u);
    EXPECT_EQ(rig.counters.memory_octets, 0u);
    EXPECT_TRUE(plane.receive().empty());
    rig.turn(DeliveryQueue::kPutOffMsMin);
    requests = take(rig, plane, 1);
    EXPECT_EQ(requests[0].subject, "bad");
    plane.answer(requests[0].sequence, DeliveryOutcome::stored);
    settle(rig);
    EXPECT_TRUE(rig.store.messages.empty());
}

TEST(DeliveryCourier, UnansweredOnesAreSentAgainInTheirOrder) {
    DeliveryRig rig;
    auto plane = std::make_unique<FakeControlPlane>(rig.connect());
    for (int i = 0; i < 5; ++i) rig.accept("message " + std::to_string(i));
    auto requests = take(rig, *plane, 5);
    plane->answer(requests[2].sequence, DeliveryOutcome::stored);
    settle(rig);
    plane.reset();  // it dies
    settle(rig);
    EXPECT_EQ(rig.counters.connected, 0u);
    rig.accept("message 5");
    settle(rig);

    plane = std::make_unique<FakeControlPlane>(rig.connect());
    requests = take(rig, *plane, 5);
    std::vector<std::string> subjects;
    for (const auto& request : requests) subjects.push_back(request.subject.substr(8));
    EXPECT_EQ(subjects, (std::vector<std::string>{"0", "1", "3", "4", "5"}));
    EXPECT_EQ(rig.counters.resent, 4u);
    EXPECT_EQ(rig.counters.connections, 2u);
}

TEST(DeliveryCourier, ANewConnectionTakesThePlaceOfTheOld) {
    DeliveryRig rig;
    FakeControlPlane old(rig.connect());
    rig.accept("once more");
    take(rig, old, 1);
    FakeControlPlane replaced(rig.connect());  // two are handed over in one turn
    FakeControlPlane next(rig.connect());
    const auto requests = take(rig, next, 1);
    old.receive();
    replaced.receive();
    EXPECT_TRUE(old.is_closed());
    EXPECT_TRUE(replaced.is_closed());
    // An answer of the old one comes to nobody.
    next.answer(requests[0].sequence, DeliveryOutcome::stored);
    settle(rig);
    EXPECT_EQ(rig.counters.delivered, 1u);
}

TEST(DeliveryCourier, NoMoreThanSoManyWithoutAnAnswer) {
    DeliveryRig rig;
    FakeControlPlane plane(rig.connect());
    for (size_t i = 0; i < DeliveryQueue::kSentMax + 10; ++i) rig.accept("m");
    auto requests = take(rig, plane, DeliveryQueue::kSentMax);
    settle(rig);
    EXPECT_TRUE(plane.receive().empty());
    plane.answer(requests[7].sequence, DeliveryOutcome::stored);
    take(rig, plane, 1);
}

TEST(DeliveryCourier, MemoryIsBoundedWhileNobodyTakesThem) {
    DeliveryRig rig;
    const std::string body(100, 'b');
    constexpr size_t kMessages = 20'000;
    dataplane::DeliveryFacts facts = facts_of(body);
    facts.summary.assign(2000, 1);  // 40 MB of them altogether
    for (size_t i = 0; i < kMessages; ++i) {
        const auto& message = rig.store.add(body, {});
        rig.courier->on_spooled(message.entry, &message.envelope);
        rig.courier->deliver(message.entry.id, facts);
        if (i % 1000 == 0) rig.turn();
    }
    rig.turn();
    EXPECT_LE(rig.counters.memory_octets, DeliveryQueue::kFreshMemoryMax + 4096);
    EXPECT_GT(rig.counters.memory_octets, DeliveryQueue::kFreshMemoryMax / 2);
    EXPECT_EQ(rig.counters.waiting, kMessages);

    FakeControlPlane plane(rig.connect());
    BlobId last;
    for (int turns = 0; !rig.store.messages.empty() && turns < 100'000; ++turns) {
        rig.turn();
        for (const DeliveryRequest& request : plane.receive()) {
            const BlobId id = storage::decode_envelope(request.envelope)->id;
            // Those in memory are the older ones.
            EXPECT_LT(last, id);
            last = id;
            plane.answer(request.sequence, DeliveryOutcome::stored);
        }
    }
    EXPECT_EQ(rig.counters.delivered, kMessages);
    EXPECT_GT(rig.counters.read_back, 0u);
    settle(rig);
    EXPECT_EQ(rig.counters.memory_octets, 0u);
}

TEST(DeliveryCourier, NotesGoWithTheNextFrames) {
    DeliveryRig rig;
    const LoginNote login{1, 2, "{PLAIN}x", "{ARGON2ID}y"};
    const AuthFailure failure{"smtp", "eve", "192.0.2.9", "wrong"};
    rig.courier->note(login);
    rig.courier->note(failure);
    FakeControlPlane plane(rig.connect());
    settle(rig);
    EXPECT_TRUE(plane.receive().empty());
    EXPECT_EQ(plane.logins, std::vector{login});
    EXPECT_EQ(plane.failures, std::vector{failure});
}

TEST(DeliveryCourier, NotesThatNobodyTakesAreDropped) {
    DeliveryRig rig;
    for (int i = 0; i < 10'000; ++i) rig.courier->note(AuthFailure{"smtp", "eve", "::1", "wrong"});
    EXPECT_GT(rig.counters.notes_dropped, 5000u);
    FakeControlPlane plane(rig.connect());
    settle(rig, 50);
    plane.receive();
    EXPECT_EQ(plane.failures.size() + rig.counters.notes_dropped, 10'000u);
}

TEST(DeliveryCourier, AnAnswerThatIsNoneEndsTheConnection) {
    DeliveryRig rig;
    FakeControlPlane plane(rig.connect());
    rig.accept("kept");
    take(rig, plane, 1);
    const std::vector<uint8_t> request_back = {0, 0, 0, 0, storage::kFrameVersion, 1};
    plane.send(request_back);
    settle(rig);
    plane.receive();
    EXPECT_TRUE(plane.is_closed());
    FakeControlPlane next(rig.connect());
    EXPECT_EQ(take(rig, next, 1)[0].subject, "kept");
    next.answer(999, DeliveryOutcome::stored);  // a number that nobody gave
    settle(rig);
    EXPECT_EQ(rig.counters.delivered, 0u);
    EXPECT_EQ(rig.counters.connected, 1u);
}

// A control plane that dies at any point: in the middle of a request, after it committed and before
// it answered, in the middle of an answer. Each message is done once, and committed at least once.
TEST(DeliveryCourier, NoMessageIsLostWhateverTheControlPlaneDoes) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
        DeliveryRig rig;
        std::unique_ptr<FakeControlPlane> plane;
        std::map<BlobId, int> committed;
        std::vector<BlobId> accepted;
        std::vector<std::pair<uint64_t, BlobId>> unanswered;
        for (int step = 0; step < 3000; ++step) {
            if (step < 2000 && chance(3)) {
                const std::string body(random() % 3000, 'x');
                if (chance(10)) {
                    accepted.push_back(rig.store.add(body, {}).entry.id);
                    rig.find(rig.store.messages.at(accepted.back()));
                } else {
                    accepted.push_back(
                        (chance(10) ? rig.accept_without_facts(body) : rig.accept(body)).entry.id);
                }
            }
            if (plane == nullptr && (step > 2000 || chance(20)))
                plane = std::make_unique<FakeControlPlane>(rig.connect());
            rig.turn(chance(50) ? 1000 : 1);
            if (plane == nullptr) continue;
            for (const DeliveryRequest& request :
                 plane->receive(chance(4) ? random() % 5000 : SIZE_MAX)) {
                const BlobId id = storage::decode_envelope(request.envelope)->id;
                ++committed[id];
                unanswered.emplace_back(request.sequence, id);
            }
            const bool dies = step < 2000 && chance(30);
            while (!unanswered.empty() && !(dies && chance(3))) {
                const size_t which = random() % unanswered.size();
                const auto [sequence, id] = unanswered[which];
                unanswered.erase(unanswered.begin() + static_cast<long>(which));
                const bool cut = dies && unanswered.empty();
                plane->answer(sequence,
                              committed[id] > 1 ? DeliveryOutcome::duplicate
                              : chance(100)     ? DeliveryOutcome::retry_later
                                                : DeliveryOutcome::stored,
                              "", cut ? random() % 20 : SIZE_MAX);
                if (chance(5)) break;
            }
            if (!dies) continue;
            plane.reset();
            unanswered.clear();
        }
        for (int turns = 0; rig.store.done_count.size() < accepted.size() && turns < 500; ++turns) {
            rig.turn(DeliveryQueue::kPutOffMsMin);
            for (const DeliveryRequest& request : plane->receive()) {
                ++committed[storage::decode_envelope(request.envelope)->id];
                plane->answer(request.sequence, DeliveryOutcome::stored);
            }
        }
        ASSERT_GT(accepted.size(), 300u);
        EXPECT_EQ(rig.store.done_count.size(), accepted.size()) << "seed " << seed;
        for (const BlobId& id : accepted) {
            EXPECT_EQ(rig.store.done_count[id], 1) << "seed " << seed;
            EXPECT_GE(committed[id], 1) << "seed " << seed;
        }
        EXPECT_GT(rig.counters.resent, 0u);
    }
}

}  // namespace
}  // namespace gatepost::tests
