#include "dataplane/delivery/delivery_courier.h"

#include <algorithm>
#include <utility>

#include "dataplane/log/log.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kSendOctets = size_t{256} << 10;  // that are put together for one send
constexpr size_t kReadOctets = size_t{64} << 10;   // of a body, at once
constexpr uint64_t kOldestIntervalMs = 1000;       // the oldest is looked for so often

}  // namespace

DeliveryCourier::~DeliveryCourier() {
    UniqueFd(handed_over_.exchange(-1));
}

void DeliveryCourier::take_connection(UniqueFd socket) {
    UniqueFd(handed_over_.exchange(socket.release(), std::memory_order_acq_rel));
}

void DeliveryCourier::on_spooled(const SpoolEntry& entry, const storage::Envelope* envelope) {
    if (envelope == nullptr)
        queue_.add_waiting(entry);
    else
        queue_.add_fresh(entry, *envelope, now_ms_);
}

void DeliveryCourier::deliver(const storage::BlobId& id, DeliveryFacts facts) {
    queue_.add_facts(id, std::move(facts));
}

template <typename Note>
void DeliveryCourier::add_note(const Note& note) {
    const size_t size = notes_.size();
    if (!storage::append_frame(notes_, note) || notes_.size() > kNotesMax) {
        notes_.resize(size);
        count(counters_.notes_dropped);
    }
}

void DeliveryCourier::note(const storage::LoginNote& note) {
    add_note(note);
}

void DeliveryCourier::note(const storage::AuthFailure& failure) {
    add_note(failure);
}

void DeliveryCourier::turn(uint64_t now_ms) {
    now_ms_ = now_ms;
    change_link();
    queue_.advance(now_ms);
    if (link_ != nullptr && !stopped_) {
        start_readers();
        send();
    }
    report();
}

void DeliveryCourier::stop() {
    stopped_ = true;
    if (link_ != nullptr) link_->give_up();
    change_link();
}

bool DeliveryCourier::is_idle() const {
    return link_ == nullptr && broken_.empty() &&
           std::all_of(readers_.begin(), readers_.end(),
                       [](const Task<>& task) { return task.is_done(); });
}

void DeliveryCourier::change_link() {
    UniqueFd next;
    if (handed_over_.load(std::memory_order_relaxed) >= 0) [[unlikely]]
        next = UniqueFd(handed_over_.exchange(-1, std::memory_order_acq_rel));
    if (next && link_ != nullptr) link_->give_up();
    if (link_ != nullptr && link_->is_broken()) {
        count(counters_.resent, queue_.resend());
        broken_.push_back(std::move(link_));
        log(LogLevel::info, "delivery.connection_lost", {{"waiting", queue_.size()}});
    }
    std::erase_if(broken_, [](const auto& link) { return link->is_idle(); });
    if (!next || stopped_) return;
    CommitLink::Receiver& receiver = *this;
    link_ = std::make_unique<CommitLink>(ring_, std::move(next), receiver);
    link_->begin();
    count(counters_.connections);
    log(LogLevel::info, "delivery.connected", {{"waiting", queue_.size()}});
}

void DeliveryCourier::send() {
    if (!link_->can_send()) return;
    std::vector<uint8_t>& out = link_->outbox();
    out.swap(notes_);
    if (keeper_ != nullptr) keeper_->put_answers(out);
    while (out.size() < kSendOctets) {
        const std::vector<uint8_t>* frame = queue_.take_to_send();
        if (frame == nullptr) break;
        out.insert(out.end(), frame->begin(), frame->end());
    }
    link_->send();
}

bool DeliveryCourier::on_frame(const storage::Frame& frame) {
    if (frame.verb != storage::FrameVerb::delivered)
        return keeper_ != nullptr && keeper_->take(frame);
    const auto reply = storage::decode_delivery_reply(frame.payload);
    if (!reply) {
        log(LogLevel::error, "delivery.malformed_reply", {{"error", reply.error().message}});
        return false;
    }
    on_reply(*reply);
    return true;
}

void DeliveryCourier::on_reply(const storage::DeliveryReply& reply) {
    if (reply.outcome == storage::DeliveryOutcome::retry_later) {
        const auto entry = queue_.put_off(reply.sequence, now_ms_);
        if (!entry) return;
        count(counters_.retried);
        log(LogLevel::warning, "delivery.put_off",
            {{"message", entry->id.text()}, {"reason", reply.reason}});
        return;
    }
    const auto entry = queue_.answered(reply.sequence);
    if (!entry) return;
    count(reply.outcome == storage::DeliveryOutcome::stored ? counters_.delivered
                                                            : counters_.duplicates);
    store_->done(*entry);
}

void DeliveryCourier::start_readers() {
    for (Task<>& reader : readers_) {
        while (reader.is_done()) {
            const auto message = queue_.take_to_read();
            if (!message) return;
            reader = read_back(*message);
            reader.start();
        }
    }
}

Task<> DeliveryCourier::read_back(DeliveryQueue::Waiting message) {
    auto envelope = co_await store_->read_envelope(message.entry);
    if (!envelope) {
        log(LogLevel::error, "delivery.envelope_not_read",
            {{"message", message.entry.id.text()}, {"error", envelope.error().message}});
        count(counters_.read_failures);
        queue_.read_failed(message, now_ms_);
        co_return;
    }
    const std::unique_ptr<FactsParser> parser = facts_.begin();
    const bool whole = co_await read_body(message.entry, *parser);
    if (!whole) {
        count(counters_.read_failures);
        queue_.read_failed(message, now_ms_);
        co_return;
    }
    count(counters_.read_back);
    queue_.read(message, *envelope, parser->finish());
}

Task<bool> DeliveryCourier::read_body(const SpoolEntry& entry, FactsParser& parser) {
    std::vector<uint8_t> room(std::min<uint64_t>(kReadOctets, entry.body.size));
    for (uint64_t offset = 0; offset < entry.body.size;) {
        const uint64_t wanted = std::min<uint64_t>(room.size(), entry.body.size - offset);
        const int64_t got =
            co_await store_->read_body(entry.body, offset, std::span(room).first(wanted));
        if (got <= 0) {
            log(LogLevel::error, "delivery.body_not_read",
                {{"message", entry.id.text()}, {"offset", offset}, {"errno", -got}});
            co_return false;
        }
        parser.add(Bytes(room).first(static_cast<size_t>(got)));
        offset += static_cast<uint64_t>(got);
    }
    co_return true;
}

void DeliveryCourier::report() {
    const auto set = [](std::atomic<uint64_t>& gauge, uint64_t value) {
        gauge.store(value, std::memory_order_relaxed);
    };
    set(counters_.connected, link_ != nullptr ? 1 : 0);
    set(counters_.waiting, queue_.size());
    set(counters_.memory_octets, queue_.memory());
    if (queue_.size() == 0) return set(counters_.oldest_unix_ms, 0);
    if (now_ms_ < reported_ms_ + kOldestIntervalMs && counters_.oldest_unix_ms.load() != 0) return;
    reported_ms_ = now_ms_;
    set(counters_.oldest_unix_ms, queue_.oldest_unix_ms());
}

}  // namespace gatepost::dataplane
