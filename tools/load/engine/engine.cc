#include "tools/load/engine/engine.h"

#include <algorithm>

#include "tools/load/engine/answer_check.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;  // ns
// An id is used again as late as possible, so that an answer that comes after the time-out meets no
// newer query of the same id.
constexpr uint64_t kRoomMin = 1 << 20;     // queries
constexpr uint64_t kRoomClosed = 1 << 22;  // any rate may come of it
constexpr uint64_t kRoomSeconds = 4;       // of the rate
constexpr uint64_t kWaitNsMin = 20'000;    // shorter than this, sleeping would overshoot
constexpr uint64_t kWaitNsMax = 10'000'000;
constexpr uint16_t kTruncated = 0x0200;

uint64_t room(const EngineOptions& options) {
    return options.rate == 0 ? std::max(kRoomClosed, options.in_flight)
                             : std::max(kRoomMin, options.rate * kRoomSeconds);
}

void add(const Counts& from, Counts& to) {
    to.sent += from.sent;
    to.answered += from.answered;
    to.octets_sent += from.octets_sent;
    to.octets_received += from.octets_received;
    to.truncated += from.truncated;
    to.unknown_id += from.unknown_id;
    to.verified += from.verified;
    for (size_t i = 0; i < to.rcodes.size(); ++i) to.rcodes[i] += from.rcodes[i];
    for (size_t i = 0; i < to.verdicts.size(); ++i) to.verdicts[i] += from.verdicts[i];
}

}  // namespace

Engine::Engine(const EngineOptions& options, const TemplateSet& templates,
               const Expectations* expectations, Transport& transport, LoadClock& clock)
    : options_(options),
      templates_(templates),
      expectations_(expectations),
      transport_(transport),
      clock_(clock),
      flights_(transport.flows(), transport.flow_block(), room(options), options.id_mask),
      next_query_(static_cast<uint32_t>(options.first_query % templates.size())) {}

Statistics Engine::run() {
    start_ns_ = interval_ns_ = clock_.now_ns();
    end_ns_ = start_ns_ + options_.duration_ns;
    if (options_.rate != 0) schedule_.emplace(options_.rate, kBurstMax, start_ns_);
    uint64_t stopped_ns = 0;
    while (true) {
        uint64_t now_ns = clock_.now_ns();
        bool still = sending(now_ns);
        if (!still && stopped_ns == 0) stopped_ns = now_ns;
        size_t sent = still ? send(now_ns) : 0;
        bool more = receive();
        flights_.expire(now_ns);
        if (now_ns - interval_ns_ >= kSecond) tick(now_ns);
        // What is on its way is lost after the time-out at the latest, so this ends.
        if (!still && flights_.in_flight() == 0) break;
        if (sent == 0 && !more) idle(now_ns);
    }
    tick(clock_.now_ns());
    total_.duration_ns = stopped_ns - start_ns_;
    total_.lost = flights_.lost();
    if (schedule_) {
        total_.late = schedule_->late();
        total_.unsent = schedule_->unsent();
    }
    return total_;
}

uint64_t Engine::wanted(uint64_t now_ns) {
    if (schedule_) return schedule_->due(now_ns);
    return options_.in_flight - std::min(options_.in_flight, flights_.in_flight());
}

size_t Engine::send(uint64_t now_ns) {
    std::span<Outgoing> burst(outgoing_.data(), std::min<uint64_t>(wanted(now_ns), kBurstMax));
    if (burst.empty()) return 0;
    flights_.plan(burst);
    uint32_t query = next_query_;
    for (Outgoing& out : burst) {
        out.query = query;
        if (++query == templates_.size()) query = 0;
    }
    size_t count = transport_.send(burst);
    burst = burst.first(count);
    // The time before sending: what sending takes is part of what an answer takes.
    flights_.sent(burst, now_ns);
    if (schedule_) schedule_->sent(count, now_ns);
    counts_.sent += count;
    for (const Outgoing& out : burst)
        counts_.octets_sent += templates_[out.query].length - templates_.header_length();
    if (count > 0) {
        next_query_ = burst.back().query + 1;
        if (next_query_ == templates_.size()) next_query_ = 0;
    }
    return count;
}

bool Engine::receive() {
    auto [count, more] = transport_.receive(incoming_);
    if (count > 0) {
        uint64_t now_ns = clock_.now_ns();
        for (size_t i = 0; i < count; ++i) take(incoming_[i], now_ns);
    }
    return more;
}

void Engine::take(const Incoming& answer, uint64_t now_ns) {
    Bytes message = answer.message;
    counts_.octets_received += message.size();
    Verdict verdict = check_header(message);
    if (verdict != Verdict::right) {
        ++counts_.verdicts[static_cast<size_t>(verdict)];
        return;
    }
    uint16_t id = load_be16(message.data());
    auto flight = flights_.find(answer.flow, id);
    if (!flight) {
        ++counts_.unknown_id;
        return;
    }
    verdict = judge(flight->query, message);
    ++counts_.verdicts[static_cast<size_t>(verdict)];
    // Whoever sent it, the query may still be answered.
    if (verdict == Verdict::other_question) return;
    flights_.close(answer.flow, id);
    ++counts_.answered;
    uint16_t flags = load_be16(&message[2]);
    ++counts_.rcodes[flags & 15];
    if ((flags & kTruncated) != 0) ++counts_.truncated;
    latency_.add(now_ns > flight->sent_ns ? now_ns - flight->sent_ns : 0);
}

Verdict Engine::judge(size_t query, Bytes message) {
    Bytes question = templates_.question(templates_[query]);
    Verdict verdict = check_question(message, question);
    if (verdict != Verdict::right || expectations_ == nullptr || !expectations_->has(query))
        return verdict;
    ++counts_.verified;
    auto type = static_cast<storage::RRType>(load_be16(&question[question.size() - 4]));
    return expectations_->allows(query, type, kDnsHeaderLength + question.size(), message)
               ? Verdict::right
               : Verdict::unexpected;
}

void Engine::idle(uint64_t now_ns) {
    uint64_t until = interval_ns_ + kSecond;
    if (sending(now_ns)) {
        until = std::min(until, end_ns_);
        if (schedule_) until = std::min(until, schedule_->next_ns());
    }
    if (auto expiry = flights_.next_expiry_ns()) until = std::min(until, *expiry);
    uint64_t left = until > now_ns ? std::min(until - now_ns, kWaitNsMax) : 0;
    if (left >= kWaitNsMin) transport_.wait(static_cast<uint32_t>(left / 1000));
}

void Engine::tick(uint64_t now_ns) {
    Interval interval{interval_ns_ - start_ns_,
                      now_ns - start_ns_,
                      counts_,
                      flights_.lost() - interval_lost_,
                      {}};
    interval.latency.add(latency_);
    add(counts_, total_.total);
    total_.latency.add(latency_);
    interval_ns_ = now_ns;
    interval_lost_ = flights_.lost();
    if (watch) watch(interval);
    counts_ = {};
    latency_.clear();
}

}  // namespace gatepost::tools
