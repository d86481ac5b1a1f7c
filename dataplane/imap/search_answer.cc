#include "dataplane/imap/search_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "dataplane/imap/uid_sets.h"
#include "dataplane/imap_syntax/imap_text.h"

namespace gatepost::dataplane {

namespace {

// Numbers that follow one another are a range; those of SORT only where they ascend (RFC 5267
// §3.4).
void append_numbers(std::string& out, std::span<const uint32_t> numbers) {
    storage::UidSet ranges;
    for (const uint32_t number : numbers) storage::add_uid(ranges, number);
    append_sequence_set(out, ranges);
}

// RFC 9394 §3.1.
std::span<const uint32_t> part_of(const std::vector<uint32_t>& numbers,
                                  const SearchReturn& returned) {
    const auto count = static_cast<int64_t>(numbers.size());
    int64_t first = returned.partial_first, last = returned.partial_last;
    if (first < 0) first = count + 1 + first;
    if (last < 0) last = count + 1 + last;
    if (first > last) std::swap(first, last);
    first = std::max<int64_t>(first, 1);
    last = std::min(last, count);
    if (first > last) return {};
    return std::span(numbers).subspan(static_cast<size_t>(first - 1),
                                      static_cast<size_t>(last - first + 1));
}

void append_partial(std::string& out, const SearchReturn& returned, const Found& found) {
    fmt::format_to(std::back_inserter(out), " PARTIAL ({}:{} ", returned.partial_first,
                   returned.partial_last);
    const auto part = part_of(found.numbers, returned);
    if (part.empty())
        out += "NIL";
    else
        append_numbers(out, part);
    out += ')';
}

// A node that is still to be written, and what stands around it.
struct Pending {
    uint32_t node = 0;
    bool opens = false;   // "(" in front of it
    bool closes = false;  // only ")"
};

}  // namespace

void append_search(std::string& out, const Found& found) {
    out += found.sorted ? "* SORT" : "* SEARCH";
    for (const uint32_t number : found.numbers)
        fmt::format_to(std::back_inserter(out), " {}", number);
    // RFC 7162 §3.1.5: only where something was found.
    if (found.modseq != 0 && !found.numbers.empty())
        fmt::format_to(std::back_inserter(out), " (MODSEQ {})", found.modseq);
    out += "\r\n";
}

void append_esearch(std::string& out, std::string_view tag, const SearchReturn& returned,
                    const Found& found) {
    const bool any =
        returned.min || returned.max || returned.all || returned.count || returned.partial;
    // RFC 5182 §2.1: the answer is the saved result alone.
    if (!any && returned.save) return;
    auto to = std::back_inserter(out);
    fmt::format_to(to, "* ESEARCH (TAG \"{}\"{})", tag, found.correlators);
    if (found.by_uid) out += " UID";
    const bool empty = found.numbers.empty();
    if (returned.min && !empty) fmt::format_to(to, " MIN {}", found.numbers.front());
    if (returned.max && !empty) fmt::format_to(to, " MAX {}", found.numbers.back());
    if (returned.count) fmt::format_to(to, " COUNT {}", found.numbers.size());
    if ((returned.all || !any) && !empty) {
        out += " ALL ";
        append_numbers(out, found.numbers);
    }
    if (returned.partial) append_partial(out, returned, found);
    if (found.modseq != 0 && !empty) fmt::format_to(to, " MODSEQ {}", found.modseq);
    out += "\r\n";
}

// Threads are as deep as somebody writes them: the stack is our own.
void append_thread(std::string& out, const ThreadResult& threads,
                   const std::vector<uint32_t>& numbers) {
    out += "* THREAD";
    std::vector<Pending> pending;
    for (size_t i = threads.roots.size(); i-- > 0;)
        pending.push_back({.node = threads.roots[i], .opens = true});
    if (!pending.empty()) out += ' ';
    bool after_number = false;
    while (!pending.empty()) {
        const Pending next = pending.back();
        pending.pop_back();
        if (next.closes) {
            out += ')';
            after_number = false;
            continue;
        }
        const ThreadNode& node = threads.nodes[next.node];
        if (next.opens) {
            if (after_number) out += ' ';
            out += '(';
            after_number = false;
            pending.push_back({.closes = true});
        }
        if (numbers[next.node] != 0) {
            if (after_number) out += ' ';
            fmt::format_to(std::back_inserter(out), "{}", numbers[next.node]);
            after_number = true;
        }
        // One child goes on in the same parentheses; several have each their own.
        const bool several = node.children.size() > 1;
        for (size_t i = node.children.size(); i-- > 0;)
            pending.push_back({.node = node.children[i], .opens = several});
    }
    out += "\r\n";
}

}  // namespace gatepost::dataplane
