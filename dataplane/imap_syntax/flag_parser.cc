// Flags and keywords.
#include <algorithm>

#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"
#include "storage/mailbox_index/mailbox_entry.h"

namespace gatepost::dataplane {
namespace {

constexpr struct {
    std::string_view name;
    uint8_t flag;
} kSystemFlagNames[] = {
    {"Seen", storage::kFlagSeen},       {"Answered", storage::kFlagAnswered},
    {"Flagged", storage::kFlagFlagged}, {"Deleted", storage::kFlagDeleted},
    {"Draft", storage::kFlagDraft},     {"Recent", 0},
};

bool parse_flag(ImapScanner& scanner, FlagList& out) {
    const bool system = scanner.take('\\');
    std::string_view name;
    if (!scanner.atom(name)) return false;
    if (system) {
        const auto* found = std::ranges::find_if(kSystemFlagNames, [&](const auto& flag) {
            return equal_ignoring_case(flag.name, name);
        });
        if (found == std::end(kSystemFlagNames)) return scanner.fail("there is no such flag");
        out.flags |= found->flag;
        if (found->flag == 0) out.recent = true;
        return true;
    }
    // RFC 9051 §2.3.2: keywords are compared without regard to case.
    auto is_it = [&](const std::string& keyword) { return equal_ignoring_case(keyword, name); };
    if (std::ranges::any_of(out.keywords, is_it)) return true;
    if (out.keywords.size() == kListedKeywordsMax)
        return scanner.refuse("LIMIT", "A mailbox has at most 64 keywords.");
    out.keywords.emplace_back(name);
    return true;
}

}  // namespace

bool parse_flag_list(ImapScanner& scanner, FlagList& out) {
    return parse_list(scanner, 0, [&] { return parse_flag(scanner, out); });
}

bool parse_bare_flags(ImapScanner& scanner, FlagList& out) {
    do {
        if (!parse_flag(scanner, out)) return false;
        while (scanner.take(' ')) continue;
    } while (!scanner.at_end());
    return true;
}

}  // namespace gatepost::dataplane
