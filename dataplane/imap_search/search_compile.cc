#include <algorithm>
#include <bit>
#include <limits>

#include "dataplane/imap_search/search_program.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

constexpr int64_t kDayS = 86400;
constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

int64_t clamp(uint64_t number) {
    return static_cast<int64_t>(std::min<uint64_t>(number, kHighest));
}

// Fields that an envelope has (RFC 9051 §7.5.2).
EnvelopeMember member_of(std::string_view field) {
    if (field == "subject") return EnvelopeMember::subject;
    if (field == "from") return EnvelopeMember::from;
    if (field == "to") return EnvelopeMember::to;
    if (field == "cc") return EnvelopeMember::cc;
    if (field == "bcc") return EnvelopeMember::bcc;
    if (field == "message-id") return EnvelopeMember::message_id;
    if (field == "in-reply-to") return EnvelopeMember::in_reply_to;
    return EnvelopeMember::end;
}

}  // namespace

bool contains(const storage::UidSet& set, uint32_t uid) {
    auto after = std::ranges::upper_bound(set, uid, {}, &storage::UidRange::first);
    return after != set.begin() && uid <= std::prev(after)->last;
}

storage::UidSet intersection(const storage::UidSet& a, const storage::UidSet& b) {
    storage::UidSet both;
    for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
        const uint32_t first = std::max(i->first, j->first);
        const uint32_t last = std::min(i->last, j->last);
        if (first <= last) both.push_back({first, last});
        i->last < j->last ? void(++i) : void(++j);
    }
    return both;
}

SearchProgram::SearchProgram(const SearchKey& key, const MessageNumbers& numbers,
                             const storage::UidSet& saved, int64_t now_s, const Charsets& charsets,
                             bool& bad)
    : numbers_(numbers),
      saved_(saved),
      now_s_(now_s),
      charsets_(charsets),
      candidates_(numbers.uids()) {
    bad = false;
    root_ = compile(key, bad);
    narrow_candidates();
}

uint32_t SearchProgram::add(Node node) {
    nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t SearchProgram::constant(bool value) {
    return add({.op = Op::constant, .low = value ? 1 : 0});
}

uint32_t SearchProgram::range(Op op, int64_t low, int64_t high) {
    const SearchCost cost = op == Op::sent_day ? SearchCost::summary : SearchCost::index;
    return add({.op = op, .cost = cost, .low = low, .high = high});
}

uint32_t SearchProgram::compile(const SearchKey& key, bool& bad) {
    using Kind = SearchKey::Kind;
    switch (key.kind) {
        case Kind::all:
        case Kind::save_date_supported:  // RFC 8514 §4.3: of every message
            return constant(true);
        case Kind::recent:
        case Kind::thread_id:  // RFC 8474 §5.2: NIL, which no client looks for
            return constant(false);
        case Kind::all_of:
            return compile_list(key, Op::all_of, bad);
        case Kind::any_of:
            return compile_list(key, Op::any_of, bad);
        case Kind::none_of:
            return compile_not(key, bad);
        case Kind::sequence:
        case Kind::uid: {
            bool is_beyond = false;
            sets_.push_back(numbers_.resolve(key.set, key.kind == Kind::uid, saved_, is_beyond));
            bad = bad || is_beyond;
            return add({.op = Op::uids, .index = static_cast<uint32_t>(sets_.size() - 1)});
        }
        case Kind::flag:
            return add({.op = Op::flags, .set = key.flag});
        case Kind::keyword: {
            const uint32_t node = add({.op = Op::keywords});
            keywords_.push_back({key.text, node});
            return node;
        }
        case Kind::header:
            return compile_field(key);
        case Kind::body:
        case Kind::text:
            texts_.emplace_back(key.text);
            // Every message has the empty text in it.
            if (texts_.back().empty()) return constant(true);
            return add({.op = key.kind == Kind::body ? Op::body : Op::text,
                        .cost = SearchCost::body,
                        .index = static_cast<uint32_t>(texts_.size() - 1)});
        case Kind::larger:
            if (key.number >= uint64_t{kHighest}) return constant(false);
            return range(Op::size, clamp(key.number) + 1, kHighest);
        case Kind::smaller:
            return range(Op::size, kLowest, clamp(key.number) - 1);
        case Kind::modseq:
            return range(Op::modseq, clamp(key.number), kHighest);
        case Kind::email_id:
            blobs_.push_back(to_lower(key.text));
            return add({.op = Op::blob, .index = static_cast<uint32_t>(blobs_.size() - 1)});
        default:
            return compile_dates(key);
    }
}

uint32_t SearchProgram::compile_dates(const SearchKey& key) {
    using Kind = SearchKey::Kind;
    const int64_t begin = key.day * kDayS;
    const int64_t end = begin + kDayS - 1;
    switch (key.kind) {
        case Kind::before:
            return range(Op::internal_date, kLowest, begin - 1);
        case Kind::on:
            return range(Op::internal_date, begin, end);
        case Kind::since:
            return range(Op::internal_date, begin, kHighest);
        case Kind::saved_before:
            return range(Op::save_date, kLowest, begin - 1);
        case Kind::saved_on:
            return range(Op::save_date, begin, end);
        case Kind::saved_since:
            return range(Op::save_date, begin, kHighest);
        // RFC 9051 §6.4.4: the day as the field has it, whatever the zone.
        case Kind::sent_before:
            return range(Op::sent_day, kLowest, int64_t{key.day} - 1);
        case Kind::sent_on:
            return range(Op::sent_day, key.day, key.day);
        case Kind::sent_since:
            return range(Op::sent_day, key.day, kHighest);
        // RFC 5032 §3: an age of just so many seconds is both.
        case Kind::older:
            return range(Op::internal_date, kLowest, now_s_ - clamp(key.number));
        case Kind::younger:
            return range(Op::internal_date, now_s_ - clamp(key.number), kHighest);
        default:
            return constant(false);
    }
}

// Flags of one list are one comparison; the rest is sorted by cost.
uint32_t SearchProgram::compile_list(const SearchKey& key, Op op, bool& bad) {
    if (key.children.size() == 1) return compile(key.children.front(), bad);
    Node list{.op = op};
    uint32_t flags = UINT32_MAX;
    for (const SearchKey& child : key.children) {
        const uint32_t index = compile(child, bad);
        const Node& node = nodes_[index];
        list.cost = std::max(list.cost, node.cost);
        if (op == Op::all_of && node.op == Op::flags) {
            if (flags != UINT32_MAX) {
                nodes_[flags].set |= node.set;
                nodes_[flags].clear |= node.clear;
                continue;
            }
            flags = index;
        }
        list.children.push_back(index);
    }
    std::ranges::stable_sort(list.children, {}, [&](uint32_t child) { return nodes_[child].cost; });
    if (list.children.size() == 1) return list.children.front();
    return add(std::move(list));
}

uint32_t SearchProgram::compile_not(const SearchKey& key, bool& bad) {
    if (key.children.empty()) return constant(false);
    const uint32_t child = compile(key.children.front(), bad);
    Node& node = nodes_[child];
    if (node.op == Op::constant) {
        node.low = node.low == 0 ? 1 : 0;
        return child;
    }
    if (node.op == Op::flags && node.clear == 0 && std::has_single_bit(node.set)) {
        std::swap(node.set, node.clear);
        return child;
    }
    const SearchCost cost = node.cost;
    return add({.op = Op::none_of, .cost = cost, .children = {child}});
}

uint32_t SearchProgram::compile_field(const SearchKey& key) {
    const EnvelopeMember member = member_of(key.field);
    // An empty text asks for the field, which an envelope cannot tell from an empty one.
    if (member != EnvelopeMember::end && !key.text.empty()) {
        needles_.emplace_back(key.text);
        return add({.op = Op::envelope,
                    .cost = SearchCost::summary,
                    .member = member,
                    .index = static_cast<uint32_t>(needles_.size() - 1)});
    }
    fields_.push_back({key.field, field_name_hash(key.field), TextNeedle(key.text)});
    return add({.op = Op::field,
                .cost = SearchCost::header,
                .index = static_cast<uint32_t>(fields_.size() - 1)});
}

void SearchProgram::narrow_candidates() {
    const Node& root = nodes_[root_];
    auto narrow = [&](const Node& node) {
        if (node.op == Op::uids) candidates_ = intersection(candidates_, sets_[node.index]);
    };
    narrow(root);
    if (root.op != Op::all_of) return;
    for (uint32_t child : root.children) narrow(nodes_[child]);
}

}  // namespace gatepost::dataplane
