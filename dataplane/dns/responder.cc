#include "dataplane/dns/responder.h"

#include <algorithm>

#include "dataplane/dns/query.h"
#include "dataplane/dns/resolution.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::Node;
using storage::Ref;
using storage::ZoneView;

// Queries in flight at a time: enough to hide the memory's latency, few enough to stay in the
// first-level cache.
constexpr size_t kStage = 16;

constexpr uint16_t kDoBit = 0x8000;

struct Outcome {
    Rcode rcode = Rcode::noerror;
    bool authoritative = false;
    bool truncated = false;
    ExtendedError extended_error = ExtendedError::none;
};

template <size_t lines>
void prefetch_lines(const uint8_t* p) {
    for (size_t i = 0; i < lines; ++i) __builtin_prefetch(p + i * storage::kCacheLine);
}

uint16_t write_opt(uint8_t* p, const Query& query, const Outcome& outcome, uint16_t payload_max) {
    uint16_t options = outcome.extended_error == ExtendedError::none ? 0 : kExtendedErrorSize;
    p[0] = 0;
    store_be16(p + 1, static_cast<uint16_t>(storage::RRType::OPT));
    store_be16(p + 3, payload_max);
    p[5] = static_cast<uint8_t>(static_cast<uint8_t>(outcome.rcode) >> 4);
    p[6] = 0;
    store_be16(p + 7, query.dnssec_ok ? kDoBit : 0);  // RFC 3225 §3: copied
    store_be16(p + 9, options);
    if (options != 0) {
        store_be16(p + 11, kOptionExtendedError);
        store_be16(p + 13, 2);
        store_be16(p + 15, static_cast<uint16_t>(outcome.extended_error));
    }
    return static_cast<uint16_t>(kOptSize + options);
}

void copy_question(const Exchange& exchange, const Query& query) {
    if (exchange.reply != exchange.query)
        std::memcpy(exchange.reply, exchange.query,
                    query.question ? query.question_end : kHeaderSize);
}

// Header and OPT around what was written. Gives the reply's length.
uint16_t finish(const Exchange& exchange, const Query& query, const Outcome& outcome,
                const AnswerWriter& writer, uint16_t payload_max) {
    uint8_t* message = exchange.reply;
    uint16_t end = outcome.truncated ? query.question_end : writer.position();
    // RFC 1035 §4.1.1: opcode and RD are copied; RFC 4035 §3.1.6: AD and CD are cleared.
    uint8_t flags = kFlagQr | (message[2] & (kOpcodeMask | kFlagRd));
    if (outcome.authoritative) flags |= kFlagAa;
    if (outcome.truncated) flags |= kFlagTc;
    message[2] = flags;
    message[3] = static_cast<uint8_t>(outcome.rcode) & kRcodeMask;
    store_be16(message + kQdcountAt, query.question ? 1 : 0);
    bool empty = outcome.truncated;
    uint16_t additional = empty ? 0 : writer.count(Section::additional);
    store_be16(message + kAncountAt, empty ? 0 : writer.count(Section::answer));
    store_be16(message + kNscountAt, empty ? 0 : writer.count(Section::authority));
    if (query.edns) {
        end = static_cast<uint16_t>(end + write_opt(message + end, query, outcome, payload_max));
        ++additional;
    }
    store_be16(message + kArcountAt, additional);
    return end;
}

}  // namespace

// Counted in registers and on the stack, added to the shared counters once per burst.
struct Responder::Tally {
    uint32_t queries[storage::kTransports][storage::kFamilies] = {};
    uint32_t rcodes[storage::kRcodes] = {};
    uint32_t dropped[storage::kDropReasons] = {};
    uint32_t truncated = 0;

    void add_to(storage::WorkerCounters& counters) const {
        using storage::WorkerCounters;
        for (size_t t = 0; t < storage::kTransports; ++t)
            for (size_t f = 0; f < storage::kFamilies; ++f)
                if (queries[t][f] != 0) WorkerCounters::add(counters.queries[t][f], queries[t][f]);
        for (size_t i = 0; i < storage::kRcodes; ++i)
            if (rcodes[i] != 0) WorkerCounters::add(counters.rcodes[i], rcodes[i]);
        for (size_t i = 0; i < storage::kDropReasons; ++i)
            if (dropped[i] != 0) WorkerCounters::add(counters.dropped[i], dropped[i]);
        if (truncated != 0) WorkerCounters::add(counters.truncated, truncated);
        WorkerCounters::add(counters.bursts, 1);
    }
};

Responder::Responder(ResponderOptions options)
    : options_(options), queries_(std::make_unique<Query[]>(kStage)) {}
Responder::~Responder() = default;

void Responder::answer_burst(const storage::Image* image, std::span<Exchange> burst,
                             storage::WorkerCounters& counters) {
    Tally tally;
    const uint8_t* base = image == nullptr ? nullptr : image->base();
    for (size_t at = 0; at < burst.size(); at += kStage)
        answer_stage(base, burst.subspan(at, std::min(kStage, burst.size() - at)), tally);
    tally.add_to(counters);
}

void Responder::answer_stage(const uint8_t* image, std::span<Exchange> stage, Tally& tally) {
    ZoneView view;
    if (image != nullptr) view = ZoneView(image);
    for (size_t i = 0; i < stage.size(); ++i) {
        parse_query(stage[i], options_.udp_payload_max, queries_[i]);
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
            answer_one(view, stage[i], queries_[i], tally);
    }
}

// The slots are on their way: fetches the nodes they name, and, for names that are not there, those
// of the names right above, where most such queries end.
void Responder::prefetch_nodes(const ZoneView& view, size_t count) {
    bool missing[kStage];
    for (size_t i = 0; i < count; ++i) {
        const Query& query = queries_[i];
        missing[i] = false;
        if (query.parsed != Parsed::ok) continue;
        size_t depth = query.name.labels;
        Ref ref = view.candidate(query.name.tag(depth));
        missing[i] = ref == 0 && depth > 0;
        if (ref != 0)
            prefetch_lines<2>(view.at<uint8_t>(ref));
        else if (missing[i])
            view.table().prefetch(query.name.tag(depth - 1));
    }
    for (size_t i = 0; i < count; ++i) {
        if (!missing[i]) continue;
        const storage::HashedName& name = queries_[i].name;
        Ref ref = view.candidate(name.tag(name.labels - size_t{1}));
        // An apex, with its SOA behind other data.
        if (ref != 0) prefetch_lines<5>(view.at<uint8_t>(ref));
    }
}

void Responder::answer_one(const ZoneView& view, Exchange& exchange, const Query& query,
                           Tally& tally) {
    copy_question(exchange, query);
    Outcome outcome{.rcode = query.rcode};
    // A reply with an extended error has no records, and so room for it.
    size_t reserved = query.edns ? kOptSize : 0;
    AnswerWriter writer(exchange.reply, query.question_end,
                        static_cast<uint16_t>(query.size_max - reserved));
    if (query.parsed == Parsed::ok) {
        if (view.empty()) {
            outcome.rcode = Rcode::servfail;
            outcome.extended_error = ExtendedError::not_ready;
        } else {
            Resolution r = resolve(view, query, view.find(query.name, query.name.labels), writer);
            outcome = {r.rcode, r.authoritative, r.truncated, r.extended_error};
        }
    }
    exchange.reply_length = finish(exchange, query, outcome, writer, options_.udp_payload_max);
    ++tally.queries[static_cast<size_t>(exchange.transport)][static_cast<size_t>(exchange.family)];
    ++tally.rcodes[static_cast<size_t>(outcome.rcode)];
    tally.truncated += outcome.truncated;
}

}  // namespace gatepost::dataplane
