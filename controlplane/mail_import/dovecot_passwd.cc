#include "controlplane/mail_import/dovecot_passwd.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gatepost::controlplane {
namespace {

constexpr size_t kPasswordField = 1;
constexpr size_t kGecosField = 4;
constexpr size_t kExtraField = 7;
constexpr std::string_view kQuotaRule = "quota_rule=*:";
constexpr uint64_t kKibi = 1024;  // Dovecot's k, M, G and T are powers of 1024

std::vector<std::string_view> split(std::string_view text, char separator, size_t parts_max) {
    std::vector<std::string_view> parts;
    while (parts.size() + 1 < parts_max) {
        const size_t end = text.find(separator);
        if (end == std::string_view::npos) break;
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

// "10G", "500M", "1000": of `unit` octets where no letter says otherwise. 0: not a number.
uint64_t number_of(std::string_view text, uint64_t unit) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return 0;
    std::string_view letter(end, static_cast<size_t>(text.data() + text.size() - end));
    constexpr std::string_view kLetters = "bkmgt";
    if (!letter.empty()) {
        const char lower = static_cast<char>(letter.front() | 0x20);
        const size_t power = kLetters.find(lower);
        if (power == std::string_view::npos) return 0;
        unit = 1;
        for (size_t n = 0; n < power; ++n) unit *= kKibi;
    }
    return number > UINT64_MAX / unit ? 0 : number * unit;
}

void take_quota(ImportedAccount& account, std::string_view extra) {
    const size_t at = extra.find(kQuotaRule);
    if (at == std::string_view::npos) return;
    std::string_view rule = extra.substr(at + kQuotaRule.size());
    rule = rule.substr(0, rule.find(' '));
    for (const std::string_view limit : split(rule, ':', SIZE_MAX)) {
        const size_t equals = limit.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = limit.substr(0, equals);
        const std::string_view value = limit.substr(equals + 1);
        if (name == "storage") account.quota_bytes = number_of(value, kKibi);
        if (name == "bytes") account.quota_bytes = number_of(value, 1);
        if (name == "messages") account.quota_messages = number_of(value, 1);
    }
}

void import_line(MailImport& import, std::string_view line, const std::string& place,
                 const DovecotPasswdOptions& options) {
    const auto fields = split(line, ':', kExtraField + 1);
    ImportedAccount account;
    account.address = fields.front();
    if (account.address.find('@') == std::string::npos) {
        if (options.domain.empty())
            return import.skip(place,
                               fmt::format("{} has no domain; say --domain", account.address));
        account.address += fmt::format("@{}", options.domain);
    }
    if (fields.size() > kGecosField) account.display_name = fields[kGecosField];
    if (fields.size() > kExtraField) {
        take_quota(account, fields[kExtraField]);
        account.active = fields[kExtraField].find("nologin") == std::string_view::npos;
    }
    if (fields.size() > kPasswordField && !fields[kPasswordField].empty()) {
        auto hash = imported_hash(fields[kPasswordField], options.scheme);
        if (hash)
            account.passwords.push_back({std::move(*hash)});
        else
            import.skip(place, fmt::format("the password of {}: {}", account.address,
                                           hash.error().message));
    }
    ImportedAccount* there = import.account(account.address);
    if (there == nullptr) return import.add_account(std::move(account), place);
    if (there->passwords.empty()) there->passwords = std::move(account.passwords);
    if (account.quota_bytes) there->quota_bytes = account.quota_bytes;
    if (account.quota_messages) there->quota_messages = account.quota_messages;
    there->active = there->active && account.active;
}

}  // namespace

void import_dovecot_passwd(MailImport& import, std::string_view text, std::string_view name,
                           const DovecotPasswdOptions& options) {
    for (size_t number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        import_line(import, line, fmt::format("{}:{}", name, number), options);
    }
}

}  // namespace gatepost::controlplane
