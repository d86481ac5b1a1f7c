#include "tools/gatepost/imap_client/flag_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/imap_syntax/imap_characters.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

using dataplane::equal_ignoring_case;

constexpr std::string_view kSystemFlags[] = {"\\Answered", "\\Deleted", "\\Draft", "\\Flagged",
                                             "\\Seen"};
constexpr size_t kKeywordMax = 200;  // octets
constexpr size_t kFlagsMax = 64;     // of one message

// "": it is not to be kept.
std::string_view kept_form(std::string_view flag) {
    if (flag.starts_with('\\')) {
        const auto* found = std::ranges::find_if(
            kSystemFlags, [&](std::string_view known) { return equal_ignoring_case(known, flag); });
        return found == std::end(kSystemFlags) ? std::string_view() : *found;
    }
    const bool is_keyword =
        !flag.empty() && flag.size() <= kKeywordMax && std::ranges::all_of(flag, [](char c) {
            return is_imap_character(c, dataplane::kAtomCharacter);
        });
    return is_keyword ? flag : std::string_view();
}

}  // namespace

std::string flags_text(const std::vector<std::string_view>& flags) {
    std::vector<std::string_view> kept;
    for (const std::string_view flag : flags) {
        const std::string_view form = kept_form(flag);
        const bool known = std::ranges::any_of(
            kept, [&](std::string_view one) { return equal_ignoring_case(one, form); });
        if (!form.empty() && !known && kept.size() < kFlagsMax) kept.push_back(form);
    }
    std::ranges::sort(kept);
    return fmt::format("{}", fmt::join(kept, " "));
}

std::string flags_text(const ResponseValue& flags) {
    std::vector<std::string_view> found;
    for (const ResponseValue& flag : flags.items) found.push_back(flag.text);
    return flags_text(found);
}

std::vector<std::string_view> flags_in(std::string_view text) {
    std::vector<std::string_view> flags;
    while (!text.empty()) {
        const size_t end = std::min(text.find(' '), text.size());
        if (end > 0) flags.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return flags;
}

std::string flags_without(std::string_view a, std::string_view b) {
    const std::vector<std::string_view> others = flags_in(b);
    std::vector<std::string_view> left = flags_in(a);
    std::erase_if(left, [&](std::string_view flag) {
        return std::ranges::any_of(
            others, [&](std::string_view one) { return equal_ignoring_case(one, flag); });
    });
    return fmt::format("{}", fmt::join(left, " "));
}

uint32_t FlagTable::number(std::string_view text) {
    const std::lock_guard lock(mutex_);
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return found->second;
    const auto number = static_cast<uint32_t>(texts_.size());
    numbers_.emplace(texts_.emplace_back(text), number);
    return number;
}

std::string_view FlagTable::text(uint32_t number) const {
    const std::lock_guard lock(mutex_);
    return texts_[number];
}

}  // namespace gatepost::tools
