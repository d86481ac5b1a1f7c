#include "dataplane/delivery/delivery_queue.h"

#include <algorithm>
#include <utility>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

using storage::BlobId;

// What a request takes beside its frame: the node of a map, and the allocator's share.
constexpr size_t kRequestOverhead = 192;  // octets
// Room that a message which is being read may come to need. Most need a hundredth of it.
constexpr size_t kReadReserve = storage::kSummaryMax;

static_assert(storage::kEnvelopeMax + storage::kSummaryMax + 3 * storage::kHeaderTextMax + 64 <=
                  storage::kFramePayloadMax,
              "every message can be delivered");

uint64_t unix_ms(const BlobId& id) {
    return id.high >> 16;  // RFC 9562 §5.7: the first 48 bits
}

}  // namespace

void DeliveryQueue::add_fresh(const SpoolEntry& entry, const storage::Envelope& envelope,
                              uint64_t now_ms) {
    if (memory_ >= kFreshMemoryMax) return add_waiting(entry);
    Fresh fresh{entry, storage::encode_envelope(envelope), now_ms};
    memory_ += fresh.envelope.size() + kRequestOverhead;
    fresh_.insert_or_assign(entry.id, std::move(fresh));
}

void DeliveryQueue::add_facts(const BlobId& id, DeliveryFacts facts) {
    auto node = fresh_.extract(id);
    if (node.empty()) return;
    Fresh& fresh = node.mapped();
    memory_ -= fresh.envelope.size() + kRequestOverhead;
    add_ready({fresh.entry, 0}, std::move(fresh.envelope), std::move(facts));
}

void DeliveryQueue::add_ready(const Waiting& message, std::vector<uint8_t> envelope,
                              DeliveryFacts facts) {
    storage::DeliveryRequest request;
    request.body = message.entry.body;
    request.envelope = std::move(envelope);
    request.summary = std::move(facts.summary);
    request.message_id = std::move(facts.message_id);
    request.subject = std::move(facts.subject);
    request.from = std::move(facts.from);
    Request ready{message, {}};
    ready.frame.reserve(storage::kFrameHead + 64 + request.envelope.size() +
                        request.summary.size() + request.message_id.size() +
                        request.subject.size() + request.from.size());
    const Status appended = storage::append_frame(ready.frame, request);
    GATEPOST_CHECK(appended.has_value());
    memory_ += ready.frame.size() + kRequestOverhead;
    ready_.insert_or_assign(message.entry.id, std::move(ready));
}

std::optional<DeliveryQueue::Waiting> DeliveryQueue::take_to_read() {
    if (waiting_.empty() || ready_.size() + reading_ >= kSentMax ||
        memory_ + (reading_ + 1) * kReadReserve > kMemoryMax)
        return std::nullopt;
    const Waiting message = waiting_.front();
    waiting_.pop_front();
    ++reading_;
    return message;
}

void DeliveryQueue::read(const Waiting& message, const storage::Envelope& envelope,
                         DeliveryFacts facts) {
    --reading_;
    add_ready(message, storage::encode_envelope(envelope), std::move(facts));
}

void DeliveryQueue::read_failed(const Waiting& message, uint64_t now_ms) {
    --reading_;
    put_off(message, now_ms);
}

const std::vector<uint8_t>* DeliveryQueue::take_to_send() {
    if (ready_.empty() || sent_.size() >= kSentMax) return nullptr;
    auto node = ready_.extract(ready_.begin());
    const uint64_t sequence = ++sequence_;
    Request& request = sent_.emplace(sequence, std::move(node.mapped())).first->second;
    storage::set_sequence(request.frame, sequence);
    return &request.frame;
}

std::optional<SpoolEntry> DeliveryQueue::answered(uint64_t sequence) {
    const auto node = sent_.extract(sequence);
    if (node.empty()) return std::nullopt;
    memory_ -= node.mapped().frame.size() + kRequestOverhead;
    return node.mapped().message.entry;
}

std::optional<SpoolEntry> DeliveryQueue::put_off(uint64_t sequence, uint64_t now_ms) {
    const auto node = sent_.extract(sequence);
    if (node.empty()) return std::nullopt;
    memory_ -= node.mapped().frame.size() + kRequestOverhead;
    put_off(node.mapped().message, now_ms);
    return node.mapped().message.entry;
}

// Its request is not kept, as it may be put off for long.
void DeliveryQueue::put_off(const Waiting& message, uint64_t now_ms) {
    const unsigned doublings = std::min(message.attempts, 10u);
    const uint64_t wait_ms = std::min(kPutOffMsMin << doublings, kPutOffMsMax);
    put_off_.emplace(now_ms + wait_ms, Waiting{message.entry, message.attempts + 1});
}

size_t DeliveryQueue::resend() {
    const size_t count = sent_.size();
    for (auto& [sequence, request] : sent_) {
        const BlobId id = request.message.entry.id;
        ready_.insert_or_assign(id, std::move(request));
    }
    sent_.clear();
    return count;
}

void DeliveryQueue::advance(uint64_t now_ms) {
    while (!fresh_.empty() && now_ms >= fresh_.begin()->second.since_ms + kFactsWaitMs) {
        const auto node = fresh_.extract(fresh_.begin());
        memory_ -= node.mapped().envelope.size() + kRequestOverhead;
        add_waiting(node.mapped().entry);
    }
    // They are older than what waits.
    while (!put_off_.empty() && now_ms >= put_off_.begin()->first) {
        waiting_.push_front(put_off_.begin()->second);
        put_off_.erase(put_off_.begin());
    }
}

uint64_t DeliveryQueue::oldest_unix_ms() const {
    uint64_t oldest = UINT64_MAX;
    const auto consider = [&](const BlobId& id) { oldest = std::min(oldest, unix_ms(id)); };
    if (!fresh_.empty()) consider(fresh_.begin()->first);
    if (!ready_.empty()) consider(ready_.begin()->first);
    for (const auto& [sequence, request] : sent_) consider(request.message.entry.id);
    if (!waiting_.empty()) consider(waiting_.front().entry.id);
    for (const auto& [due_ms, message] : put_off_) consider(message.entry.id);
    return oldest == UINT64_MAX ? 0 : oldest;
}

}  // namespace gatepost::dataplane
