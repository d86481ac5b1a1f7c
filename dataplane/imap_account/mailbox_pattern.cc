#include "dataplane/imap_account/mailbox_pattern.h"

#include <vector>

namespace gatepost::dataplane {

namespace {

char upper(char octet) {
    return octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - 'a' + 'A') : octet;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view name) {
    const bool any_case = name == "INBOX" || name.starts_with("INBOX/");
    // Which prefixes of the name the pattern so far matches.
    std::vector<bool> matched(name.size() + 1), next(name.size() + 1);
    matched[0] = true;
    for (const char wanted : pattern) {
        const bool wild = wanted == '*' || wanted == '%';
        next[0] = wild && matched[0];
        for (size_t i = 0; i < name.size(); ++i) {
            const char octet = name[i];
            if (wild) {
                const bool passes = wanted == '*' || octet != kLevelSeparator;
                next[i + 1] = matched[i + 1] || (passes && next[i]);
            } else {
                const bool equal =
                    octet == wanted || (any_case && i < 5 && upper(octet) == upper(wanted));
                next[i + 1] = matched[i] && equal;
            }
        }
        matched.swap(next);
    }
    return matched[name.size()];
}

}  // namespace gatepost::dataplane
