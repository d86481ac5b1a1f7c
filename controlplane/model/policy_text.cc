#include "controlplane/model/policy_text.h"

#include <arpa/inet.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace gatepost::controlplane {

namespace {

constexpr uint32_t kLoopback = 127;  // RFC 5782 §2.1: the first octet of answers
constexpr uint8_t kAddressBits = 32;

}  // namespace

Status check_policy_setting(storage::PolicyRule rule, std::string_view name, int64_t value) {
    const std::string_view rule_name = storage::about(rule).name;
    const auto setting = storage::find_policy_setting(rule, name);
    if (!setting) {
        std::string known;
        for (size_t i = 0; i < storage::kPolicySettings; ++i) {
            const auto& about = storage::about(static_cast<storage::PolicySetting>(i));
            if (about.rule == rule) known.append(known.empty() ? "" : ", ").append(about.name);
        }
        return fail(ErrorCode::invalid, "the rule {} has no setting {}; it has: {}", rule_name,
                    name, known.empty() ? "none" : known);
    }
    const storage::PolicySettingAbout& about = storage::about(*setting);
    if (value < about.least || value > about.most)
        return fail(ErrorCode::invalid, "{} of the rule {} is {}, expected {} to {} ({})", name,
                    rule_name, value, about.least, about.most, about.about);
    return {};
}

Status read_policy_settings(storage::PolicyRule rule, std::string_view json,
                            PolicySettings& settings) {
    const auto parsed = nlohmann::json::parse(json, nullptr, false);
    const std::string_view rule_name = storage::about(rule).name;
    if (!parsed.is_object())
        return fail(ErrorCode::invalid, "the settings of the rule {} are no JSON object",
                    rule_name);
    for (const auto& [name, value] : parsed.items()) {
        if (!value.is_number_integer() && !value.is_boolean())
            return fail(ErrorCode::invalid, "{} of the rule {} is no whole number", name,
                        rule_name);
        const int64_t number =
            value.is_boolean() ? int64_t{value.get<bool>()} : value.get<int64_t>();
        if (Status good = check_policy_setting(rule, name, number); !good) return good;
        settings[static_cast<size_t>(*storage::find_policy_setting(rule, name))] = number;
    }
    return {};
}

Result<storage::DnsListCode> parse_dns_list_code(std::string_view text) {
    const auto bad = [text] {
        return fail(ErrorCode::invalid,
                    "\"{}\" is no answer of a list, expected 127.0.0.2 or 127.0.0.0/28", text);
    };
    const size_t slash = text.find('/');
    in_addr address{};
    if (::inet_pton(AF_INET, std::string(text.substr(0, slash)).c_str(), &address) != 1)
        return bad();
    storage::DnsListCode code{ntohl(address.s_addr), kAddressBits};
    if (slash != std::string_view::npos) {
        const std::string_view bits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(bits.begin(), bits.end(), code.bits);
        if (error != std::errc() || end != bits.end() || code.bits > kAddressBits) return bad();
    }
    if (code.address >> 24 != kLoopback) return bad();
    return code;
}

}  // namespace gatepost::controlplane
