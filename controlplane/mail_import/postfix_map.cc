#include "controlplane/mail_import/postfix_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatepost::controlplane {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kSeparators = ", \t\r";

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Octets that a key takes: all up to a blank outside of quotes ("a b"@example.org).
size_t key_length(std::string_view line) {
    bool quoted = false;
    for (size_t n = 0; n < line.size(); ++n) {
        if (line[n] == '\\' && quoted)
            ++n;
        else if (line[n] == '"')
            quoted = !quoted;
        else if (!quoted && kBlanks.find(line[n]) != std::string_view::npos)
            return n;
    }
    return line.size();
}

PostfixMapEntry entry_of(size_t number, std::string_view line) {
    const size_t length = key_length(line);
    return {number, std::string(line.substr(0, length)), std::string(trimmed(line.substr(length)))};
}

std::vector<std::string> targets_of(std::string_view value) {
    std::vector<std::string> targets;
    while (true) {
        value.remove_prefix(std::min(value.find_first_not_of(kSeparators), value.size()));
        if (value.empty()) return targets;
        bool quoted = false;
        size_t end = 0;
        for (; end < value.size(); ++end) {
            if (quoted && value[end] == '\\' && end + 1 < value.size()) {
                ++end;
                continue;
            }
            if (value[end] == '"') quoted = !quoted;
            if (!quoted && kSeparators.find(value[end]) != std::string_view::npos) break;
        }
        targets.emplace_back(value.substr(0, end));
        value.remove_prefix(end);
    }
}

// A line that begins with # is a comment: such a local part is quoted.
std::string key_text(const std::string& source) {
    if (!source.starts_with('#')) return source;
    const size_t at = source.rfind('@');
    return fmt::format("\"{}\"{}", source.substr(0, at), source.substr(at));
}

std::string completed(std::string address, std::string_view origin) {
    if (address.find('@') == std::string::npos && !origin.empty())
        address += fmt::format("@{}", origin);
    return address;
}

}  // namespace

std::vector<PostfixMapEntry> read_postfix_map(std::string_view text) {
    std::vector<PostfixMapEntry> entries;
    size_t number = 0;
    std::string logical;
    size_t logical_number = 0;
    const auto finish = [&] {
        if (!logical.empty()) entries.push_back(entry_of(logical_number, logical));
        logical.clear();
    };
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const std::string_view content = trimmed(line);
        // postmap(1): comments and empty lines do not end a line that goes on.
        if (content.empty() || content.front() == '#') continue;
        const bool continues = line.front() == ' ' || line.front() == '\t';
        if (continues && !logical.empty()) {
            logical += fmt::format(" {}", content);
            continue;
        }
        finish();
        logical = content;
        logical_number = number;
    }
    finish();
    return entries;
}

void import_virtual_aliases(MailImport& import, std::string_view text, std::string_view name,
                            std::string_view origin) {
    for (const PostfixMapEntry& entry : read_postfix_map(text)) {
        const std::string place = fmt::format("{}:{}", name, entry.line);
        const bool is_domain =
            entry.key.find('@') == std::string::npos && entry.key.find('.') != std::string::npos;
        if (is_domain) {
            import.add_domain(entry.key);
            continue;
        }
        const std::string source = completed(entry.key, origin);
        const auto targets = targets_of(entry.value);
        if (targets.empty()) import.skip(place, fmt::format("{} has no target", entry.key));
        for (const std::string& target : targets) {
            // A target "@example.net" keeps the local part, which an alias here has no form for.
            if (target.starts_with('@') && source.starts_with('@'))
                import.skip(place, fmt::format("{} → {} makes a domain an alias of another: "
                                               "gatepost domain set {} --alias-of {}",
                                               source, target, source.substr(1), target.substr(1)));
            else
                import.add_alias(source, completed(target, origin), true, place);
        }
    }
}

void import_virtual_domains(MailImport& import, std::string_view text, std::string_view) {
    for (const PostfixMapEntry& entry : read_postfix_map(text)) import.add_domain(entry.key);
}

void import_virtual_mailboxes(MailImport& import, std::string_view text, std::string_view name) {
    for (const PostfixMapEntry& entry : read_postfix_map(text)) {
        const std::string place = fmt::format("{}:{}", name, entry.line);
        if (entry.key.starts_with('@'))
            import.skip(place, fmt::format("{}: a mailbox for a whole domain; add an alias of it "
                                           "to an account",
                                           entry.key));
        else
            import.add_account({.address = entry.key}, place);
    }
}

std::string virtual_alias_text(const std::vector<MailAlias>& aliases) {
    std::string out;
    const MailAlias* before = nullptr;
    for (const MailAlias& alias : aliases) {
        const bool same =
            before != nullptr && before->source == alias.source && before->active == alias.active;
        if (same) {
            out += fmt::format(", {}", alias.target);
        } else {
            if (before != nullptr) out += '\n';
            out +=
                fmt::format("{}{} {}", alias.active ? "" : "# inactive: ", key_text(alias.source),
                            alias.target);
        }
        before = &alias;
    }
    if (before != nullptr) out += '\n';
    return out;
}

}  // namespace gatepost::controlplane
