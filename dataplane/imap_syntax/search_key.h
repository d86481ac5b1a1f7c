// What SEARCH looks for (RFC 9051 §6.4.4 and its extensions), as a tree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/imap_syntax/sequence_set.h"

namespace gatepost::dataplane {

struct SearchKey {
    enum class Kind : uint8_t {
        all,
        all_of,    // of `children`: keys one after the other, and in parentheses
        any_of,    // OR
        none_of,   // NOT; one child
        sequence,  // numbers of messages
        uid,
        flag,     // `flag`: one of storage::MessageFlag is set; not set: none_of
        keyword,  // `text`
        recent,   // none is (RFC 9051 does without it)
        header,   // field `field` contains `text`; BCC, CC, FROM, SUBJECT, TO are these as well
        body,     // `text` in the body's texts
        text,     // the same, or in the header
        larger,   // than `number` octets
        smaller,
        before,  // `day`, of the internal date
        on,
        since,
        sent_before,  // of the Date field
        sent_on,
        sent_since,
        saved_before,  // RFC 8514
        saved_on,
        saved_since,
        save_date_supported,
        older,  // than `number` seconds (RFC 5032)
        younger,
        modseq,    // `number` or above (RFC 7162)
        email_id,  // `text` (RFC 8474)
        thread_id,
    };
    Kind kind = Kind::all;
    std::vector<SearchKey> children = {};
    SequenceSet set = {};
    std::string field = {};  // in lower case
    std::string text = {};   // UTF-8
    uint64_t number = 0;
    int32_t day = 0;  // days since 1970-01-01, as the client wrote them: no time zone
    uint8_t flag = 0;

    bool operator==(const SearchKey&) const = default;
};

// Keys in keys; more are refused (BAD), as each level takes stack.
inline constexpr size_t kSearchDepthMax = 32;
// Of one command.
inline constexpr size_t kSearchKeysMax = 1000;

// RFC 4731, RFC 5182, RFC 9394.
struct SearchReturn {
    bool given = false;  // RETURN (…): the answer is ESEARCH
    bool min = false;
    bool max = false;
    bool all = false;
    bool count = false;
    bool save = false;
    bool partial = false;  // PARTIAL first:last; negative ones count from the end
    int64_t partial_first = 0;
    int64_t partial_last = 0;

    bool operator==(const SearchReturn&) const = default;
};

struct SortCriterion {
    enum class Kind : uint8_t {
        arrival,
        cc,
        date,
        from,
        size,
        subject,
        to,
        display_from,
        display_to,  // RFC 5256, RFC 5957
    };
    Kind kind = Kind::arrival;
    bool reverse = false;

    bool operator==(const SortCriterion&) const = default;
};

enum class ThreadAlgorithm : uint8_t { ordered_subject, references };

}  // namespace gatepost::dataplane
