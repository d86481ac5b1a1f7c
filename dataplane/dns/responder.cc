#include "dataplane/dns/responder.h"

#include <sys/random.h>

#include <algorithm>

#include "dataplane/dns/direct_answer.h"
#include "dataplane/dns/query.h"
#include "dataplane/dns/reply.h"
#include "dataplane/dns/resolution.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

using storage::Node;
using storage::Ref;
using storage::ZoneView;

// Queries in flight at a time: enough to hide the memory's latency, few enough to stay in the
// first-level cache.
constexpr size_t kStage = 16;

template <size_t lines>
void prefetch_lines(const uint8_t* p) {
    for (size_t i = 0; i < lines; ++i) __builtin_prefetch(p + i * storage::kCacheLine);
}

void copy_question(const Exchange& exchange, const Query& query) {
    if (exchange.reply != exchange.query)
        std::memcpy(exchange.reply, exchange.query,
                    query.question ? query.question_end : kHeaderSize);
}

void look_up(const ZoneView& view, const Query& query, AnswerWriter& writer, Reply& reply) {
    const Node* exact = view.find_from(query.candidate, query.name);
    DirectAnswer direct = answer_directly(view, query, exact, writer);
    if (direct != DirectAnswer::not_possible) [[likely]] {
        reply.authoritative = true;
        reply.truncated = direct == DirectAnswer::does_not_fit;
        return;
    }
    Resolution r = resolve(view, query, exact, writer);
    reply.rcode = r.rcode;
    reply.authoritative = r.authoritative;
    reply.truncated = r.truncated;
    reply.extended_error = r.extended_error;
}

void fill_random(void* to, size_t size) {
    GATEPOST_CHECK(::getrandom(to, size, 0) == static_cast<ssize_t>(size));
}

ClientAddress client_of(const Exchange& exchange) {
    return {exchange.client, exchange.family == Family::ipv4 ? size_t{4} : size_t{16}};
}

ReplyKind kind_of(const Reply& reply, const AnswerWriter& writer) {
    if (reply.rcode == Rcode::nxdomain) return ReplyKind::nxdomain;
    if (reply.rcode != Rcode::noerror) return ReplyKind::error;
    const bool answers = reply.truncated || writer.count(Section::answer) != 0;
    return answers ? ReplyKind::answer : ReplyKind::empty;
}

}  // namespace

// Counted in registers and on the stack, added to the shared counters once per burst.
struct Responder::Tally {
    uint32_t queries[storage::kTransports][storage::kFamilies] = {};
    uint32_t rcodes[storage::kRcodes] = {};
    uint32_t dropped[storage::kDropReasons] = {};
    uint32_t truncated = 0;
    uint32_t slipped = 0;
    uint32_t cookies[4] = {};  // by CookieKind

    void add_to(storage::WorkerCounters& counters) const {
        using storage::WorkerCounters;
        for (size_t t = 0; t < storage::kTransports; ++t)
            for (size_t f = 0; f < storage::kFamilies; ++f)
                if (queries[t][f] != 0) WorkerCounters::add(counters.queries[t][f], queries[t][f]);
        for (size_t i = 0; i < storage::kRcodes; ++i)
            if (rcodes[i] != 0) WorkerCounters::add(counters.rcodes[i], rcodes[i]);
        for (size_t i = 0; i < storage::kDropReasons; ++i)
            if (dropped[i] != 0) WorkerCounters::add(counters.dropped[i], dropped[i]);
        const auto add = [](std::atomic<uint64_t>& counter, uint32_t count) {
            if (count != 0) WorkerCounters::add(counter, count);
        };
        add(counters.truncated, truncated);
        add(counters.slipped, slipped);
        add(counters.cookies_new, cookies[static_cast<size_t>(CookieKind::client)]);
        add(counters.cookies_valid, cookies[static_cast<size_t>(CookieKind::valid)]);
        add(counters.cookies_bad, cookies[static_cast<size_t>(CookieKind::bad)]);
        WorkerCounters::add(counters.bursts, 1);
    }
};

storage::CookieSecret random_cookie_secret() {
    storage::CookieSecret secret;
    fill_random(secret.data(), secret.size());
    return secret;
}

Responder::Responder(ResponderOptions options)
    : options_(std::move(options)),
      cookie_secret_(options_.cookie_secret ? *options_.cookie_secret : random_cookie_secret()),
      queries_(std::make_unique<Query[]>(kStage)) {
    if (options_.rate_limit.per_second == 0) return;
    RateLimiter::Key key;
    fill_random(&key, sizeof key);
    limiter_ = std::make_unique<RateLimiter>(options_.rate_limit, key);
}
Responder::~Responder() = default;

void Responder::answer_burst(const storage::Image* image, std::span<Exchange> burst,
                             const BurstTime& time, storage::WorkerCounters& counters) {
    Tally tally;
    const uint8_t* base = image == nullptr ? nullptr : image->base();
    for (size_t at = 0; at < burst.size(); at += kStage)
        answer_stage(base, burst.subspan(at, std::min(kStage, burst.size() - at)), time, tally);
    tally.add_to(counters);
}

void Responder::answer_stage(const uint8_t* image, std::span<Exchange> stage, const BurstTime& time,
                             Tally& tally) {
    ZoneView view;
    if (image != nullptr) view = ZoneView(image);
    for (size_t i = 0; i < stage.size(); ++i) {
        parse_query(stage[i], options_.udp_payload_max, queries_[i]);
        if (limiter_ != nullptr) prefetch_bucket(stage[i], queries_[i]);
        if (queries_[i].parsed != Parsed::ok || view.empty()) continue;
        queries_[i].name.hash(view.secret());
        view.table().prefetch(queries_[i].name.tag(queries_[i].name.labels));
    }
    if (!view.empty()) prefetch_nodes(view, stage.size());
    for (size_t i = 0; i < stage.size(); ++i) {
        stage[i].reply_length = 0;
        if (queries_[i].parsed == Parsed::drop)
            ++tally.dropped[static_cast<size_t>(queries_[i].drop)];
        else
            answer_one(view, stage[i], queries_[i], time, tally);
    }
}

// The slots are on their way: fetches the nodes they name, and, for names that are not there, those
// of the names right above, where most such queries end.
void Responder::prefetch_nodes(const ZoneView& view, size_t count) {
    bool missing[kStage];
    bool any_missing = false;
    for (size_t i = 0; i < count; ++i) {
        Query& query = queries_[i];
        missing[i] = false;
        if (query.parsed != Parsed::ok) continue;
        size_t depth = query.name.labels;
        Ref ref = view.candidate(query.name.tag(depth));
        query.candidate = ref;
        missing[i] = ref == 0 && depth > 0;
        any_missing |= missing[i];
        if (ref != 0)
            prefetch_lines<3>(view.at<uint8_t>(ref));
        else if (missing[i])
            view.table().prefetch(query.name.tag(depth - 1));
    }
    if (!any_missing) return;
    for (size_t i = 0; i < count; ++i) {
        if (!missing[i]) continue;
        const storage::HashedName& name = queries_[i].name;
        Ref ref = view.candidate(name.tag(name.labels - size_t{1}));
        // An apex, with its SOA behind other data.
        if (ref != 0) prefetch_lines<5>(view.at<uint8_t>(ref));
    }
}

void Responder::prefetch_bucket(const Exchange& exchange, Query& query) const {
    if (exchange.transport != Transport::udp || exchange.client == nullptr) return;
    query.network = limiter_->network(client_of(exchange));
    limiter_->prefetch(query.network);
}

void Responder::judge(const ZoneView& view, const Exchange& exchange, const Query& query,
                      const BurstTime& time, Reply& reply, Tally& tally) const {
    judge_cookie(view.empty() ? nullptr : view.cookie_secrets(), cookie_secret_, query.cookie,
                 client_of(exchange), time.unix_s, reply.cookie);
    ++tally.cookies[static_cast<size_t>(reply.cookie.kind)];
    // RFC 7873 §5.4: who asks for nothing but a cookie is told that the old one is of no use.
    if (!query.question && reply.rcode == Rcode::noerror && reply.cookie.kind == CookieKind::bad)
        reply.rcode = Rcode::badcookie;
}

// Whether the reply is to be sent; cuts it short where it slips through. A TCP connection or a
// valid cookie shows that the client's address is not forged.
bool Responder::limit(const Exchange& exchange, const Query& query, const AnswerWriter& writer,
                      const BurstTime& time, Reply& reply, Tally& tally) {
    if (exchange.transport != Transport::udp || exchange.client == nullptr ||
        reply.cookie.kind == CookieKind::valid)
        return true;
    switch (limiter_->charge(query.network, kind_of(reply, writer), client_of(exchange),
                             time.monotonic_ms)) {
        case RateVerdict::send:
            return true;
        case RateVerdict::slip:
            ++tally.slipped;
            if (reply.cookie.kind == CookieKind::none) {
                reply.truncated = true;
            } else {
                // RFC 7873 §5.2.3: the client comes again with the cookie that this reply brings.
                reply.rcode = Rcode::badcookie;
                reply.authoritative = reply.truncated = false;
                reply.extended_error = ExtendedError::none;
                reply.bare = true;
            }
            return true;
        case RateVerdict::drop:
            ++tally.dropped[static_cast<size_t>(storage::Drop::rate_limited)];
            return false;
    }
    return true;
}

void Responder::answer_one(const ZoneView& view, Exchange& exchange, const Query& query,
                           const BurstTime& time, Tally& tally) {
    copy_question(exchange, query);
    Reply reply;
    reply.rcode = query.rcode;
    if (query.cookie.length != 0) judge(view, exchange, query, time, reply, tally);
    AnswerWriter writer(exchange.reply, query.question_end,
                        static_cast<uint16_t>(query.size_max - opt_size(query, reply)));
    if (query.parsed == Parsed::ok) {
        if (view.empty()) {
            reply.rcode = Rcode::servfail;
            reply.extended_error = ExtendedError::not_ready;
        } else {
            look_up(view, query, writer, reply);
        }
    }
    const bool truncated = reply.truncated;
    if (limiter_ != nullptr && !limit(exchange, query, writer, time, reply, tally)) return;
    exchange.reply_length = finish_reply(exchange, query, reply, writer, options_);
    ++tally.queries[static_cast<size_t>(exchange.transport)][static_cast<size_t>(exchange.family)];
    ++tally.rcodes[static_cast<size_t>(reply.rcode)];
    tally.truncated += truncated;
}

}  // namespace gatepost::dataplane
