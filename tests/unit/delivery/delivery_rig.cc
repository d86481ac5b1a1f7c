#include "tests/unit/delivery/delivery_rig.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace gatepost::tests {

using namespace gatepost::dataplane;
using namespace gatepost::storage;

const MemoryStore::Message& MemoryStore::add(const std::string& body,
                                             std::vector<EnvelopeRecipient> recipients) {
    Message message;
    message.envelope.id = ids_.next(++now_ms_);
    message.envelope.received_us = now_ms_ * 1000;
    message.envelope.recipients = std::move(recipients);
    message.entry.id = message.envelope.id;
    message.entry.body = {1, offset_, body.size()};
    message.body = body;
    offset_ += 4096;
    return messages.emplace(message.entry.id, message).first->second;
}

void MemoryStore::done(const SpoolEntry& entry) {
    ++done_count[entry.id];
    messages.erase(entry.id);
}

Task<Result<Envelope>> MemoryStore::read_envelope(const SpoolEntry& entry) {
    ++reads;
    if (reads_to_fail > 0) {
        --reads_to_fail;
        co_return fail(ErrorCode::refused, "a test wants it so");
    }
    co_return messages.at(entry.id).envelope;
}

Task<int64_t> MemoryStore::read_body(const BodyLocation& body, uint64_t offset,
                                     std::span<uint8_t> room) {
    for (const auto& [id, message] : messages) {
        if (message.entry.body.offset != body.offset) continue;
        const size_t count = std::min(room.size(), message.body.size() - offset);
        std::copy_n(message.body.begin() + static_cast<long>(offset), count, room.begin());
        co_return static_cast<int64_t>(count);
    }
    co_return -EIO;
}

DeliveryFacts facts_of(const std::string& body) {
    DeliveryFacts facts;
    facts.subject = body.substr(0, kHeaderTextMax);
    facts.summary = {static_cast<uint8_t>(body.size() >> 8), static_cast<uint8_t>(body.size())};
    facts.message_id = "<m@example.org>";
    facts.from = "ada@example.org";
    return facts;
}

namespace {

class TestParser final : public FactsParser {
  public:
    void add(Bytes octets) override { body_.append(octets.begin(), octets.end()); }
    DeliveryFacts finish() override { return facts_of(body_); }

  private:
    std::string body_;
};

}  // namespace

std::unique_ptr<FactsParser> TestFacts::begin() {
    return std::make_unique<TestParser>();
}

DeliveryRig::DeliveryRig() {
    auto made = Ring::create({.submissions = 64, .completions = 256});
    EXPECT_TRUE(made) << made.error().message;
    ring = std::move(*made);
    EXPECT_TRUE(ring->enable());
    courier = std::make_unique<DeliveryCourier>(*ring, facts, counters);
    courier->serve(store);
    turn();
}

DeliveryRig::~DeliveryRig() {
    courier->stop();
    for (int turns = 0; !courier->is_idle() && turns < 1000; ++turns) turn();
    EXPECT_TRUE(courier->is_idle());
}

const MemoryStore::Message& DeliveryRig::accept_without_facts(const std::string& body) {
    const MemoryStore::Message& message = store.add(body, {});
    courier->on_spooled(message.entry, &message.envelope);
    return message;
}

const MemoryStore::Message& DeliveryRig::accept(const std::string& body,
                                                std::vector<EnvelopeRecipient> recipients) {
    const MemoryStore::Message& message = store.add(body, std::move(recipients));
    courier->on_spooled(message.entry, &message.envelope);
    courier->deliver(message.entry.id, facts_of(body));
    return message;
}

UniqueFd DeliveryRig::connect() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    courier->take_connection(UniqueFd(ends[0]));
    return UniqueFd(ends[1]);
}

void DeliveryRig::turn(uint64_t ms) {
    now_ms += ms;
    ring->reap();
    courier->turn(now_ms);
    // Completions are worked out in a wait only.
    EXPECT_TRUE(ring->submit_and_wait(1, 1000));
}

std::vector<DeliveryRequest> FakeControlPlane::receive(size_t octets_max) {
    std::vector<DeliveryRequest> requests;
    for (size_t left = octets_max; left > 0 && !closed_;) {
        const std::span<uint8_t> room = reader_.room();
        const ssize_t got = ::read(socket_.get(), room.data(), std::min(room.size(), left));
        if (got == 0) closed_ = true;
        if (got <= 0) break;
        left -= static_cast<size_t>(got);
        reader_.filled(static_cast<size_t>(got));
        for (auto frame = reader_.next(); frame && *frame; frame = reader_.next()) {
            const Bytes payload = (**frame).payload;
            if ((**frame).verb == FrameVerb::login)
                logins.push_back(decode_login_note(payload).value());
            else if ((**frame).verb == FrameVerb::auth_failed)
                failures.push_back(decode_auth_failure(payload).value());
            else
                requests.push_back(decode_delivery_request(payload).value());
        }
    }
    return requests;
}

void FakeControlPlane::answer(uint64_t sequence, DeliveryOutcome outcome, std::string reason,
                              size_t octets_max) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, DeliveryReply{sequence, outcome, std::move(reason), {}}));
    send(Bytes(out).first(std::min(octets_max, out.size())));
}

void FakeControlPlane::send(Bytes octets) {
    (void)!::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
}

}  // namespace gatepost::tests
