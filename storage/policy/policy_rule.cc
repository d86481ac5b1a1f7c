#include "storage/policy/policy_rule.h"

#include <array>

namespace gatepost::storage {

namespace {

constexpr std::array<PolicyRuleAbout, kPolicyRules> kRules{{
    {"unknown_recipient", PolicyMode::enforce, true, "nobody here has that address"},
    {"relay_denied", PolicyMode::enforce, true, "mail for elsewhere, from who has not logged in"},
    {"early_talker", PolicyMode::enforce, false, "the client speaks before the greeting"},
    {"unauthorized_pipelining", PolicyMode::enforce, false,
     "the client sends on where it has to wait for a reply"},
    {"helo_syntax", PolicyMode::monitor, false,
     "the greeting has no full name and no address, or this server's own"},
    {"helo_resolves", PolicyMode::monitor, false, "the greeting's name has no address"},
    {"reverse_dns", PolicyMode::monitor, false, "the client's address has no name"},
    {"forward_confirmed_reverse_dns", PolicyMode::monitor, false,
     "no name of the client's address leads back to it"},
    {"dns_list", PolicyMode::monitor, false,
     "lists asked by DNS have the client, or a domain that it uses"},
    {"sender_domain_resolves", PolicyMode::monitor, false,
     "the sender's domain takes no mail, or does not exist"},
    {"greylist", PolicyMode::off, false, "a first attempt; a mail server tries again"},
    {"rate_limit_address", PolicyMode::enforce, false, "too much from one address"},
    {"rate_limit_network", PolicyMode::enforce, false, "too much from one network"},
    {"rate_limit_account", PolicyMode::enforce, false, "too much from one account"},
    {"recipient_rate", PolicyMode::enforce, false, "too many recipients from one address"},
    {"auth_penalty", PolicyMode::enforce, false, "logins failed: the next answers take longer"},
    {"sender_identity", PolicyMode::enforce, false,
     "the sender is no address of the account that has logged in"},
    {"header_from", PolicyMode::monitor, false,
     "the message's author is missing, or none of the account that has logged in"},
}};

constexpr int64_t kMinuteMost = 1'000'000;
constexpr int64_t kHourMost = 10'000'000;
constexpr std::string_view kDefer = "1: ask to try again where DNS gives no answer; 0: let pass";
constexpr std::string_view kPerMinute = "a minute, and as many at once";
constexpr std::string_view kPerHour = "an hour, and as many at once";

constexpr std::array<PolicySettingAbout, kPolicySettings> kSettings{{
    {PolicyRule::early_talker, "greeting_ms", 0, 10'000, 500,
     "how long the greeting waits; 0: who talks first is not seen"},
    {PolicyRule::helo_resolves, "defer", 0, 1, 0, kDefer},
    {PolicyRule::reverse_dns, "defer", 0, 1, 0, kDefer},
    {PolicyRule::forward_confirmed_reverse_dns, "defer", 0, 1, 0, kDefer},
    {PolicyRule::dns_list, "reject_score", 1, 10'000, 1,
     "the sum of the lists' scores from which on mail is refused"},
    {PolicyRule::sender_domain_resolves, "defer", 0, 1, 0, kDefer},
    {PolicyRule::greylist, "delay_s", 1, 86'400, 60, "seconds before another attempt counts"},
    {PolicyRule::greylist, "window_s", 60, 604'800, 14'400, "seconds after which it is too late"},
    {PolicyRule::greylist, "keep_days", 1, 400, 36, "days that who has passed is remembered"},
    {PolicyRule::greylist, "auto_allow_after", 0, 100, 5,
     "passes after which a network is not asked any more; 0: never"},
    {PolicyRule::rate_limit_address, "connections_per_minute", 1, kMinuteMost, 120, kPerMinute},
    {PolicyRule::rate_limit_address, "messages_per_minute", 1, kMinuteMost, 600, kPerMinute},
    {PolicyRule::rate_limit_network, "connections_per_minute", 1, kMinuteMost, 600, kPerMinute},
    {PolicyRule::rate_limit_network, "messages_per_minute", 1, kMinuteMost, 3'000, kPerMinute},
    {PolicyRule::rate_limit_account, "messages_per_hour", 1, kHourMost, 500, kPerHour},
    {PolicyRule::rate_limit_account, "recipients_per_hour", 1, kHourMost, 2'000, kPerHour},
    {PolicyRule::recipient_rate, "recipients_per_minute", 1, kMinuteMost, 3'000, kPerMinute},
    {PolicyRule::auth_penalty, "refuse_at_ms", 0, 15'000, 0,
     "from this penalty on logins are refused unheard; 0: never"},
}};

constexpr std::array<std::string_view, 3> kModes = {"off", "monitor", "enforce"};

}  // namespace

const PolicyRuleAbout& about(PolicyRule rule) {
    return kRules[static_cast<size_t>(rule)];
}

const PolicySettingAbout& about(PolicySetting setting) {
    return kSettings[static_cast<size_t>(setting)];
}

std::optional<PolicyRule> find_policy_rule(std::string_view name) {
    for (size_t i = 0; i < kRules.size(); ++i)
        if (kRules[i].name == name) return static_cast<PolicyRule>(i);
    return std::nullopt;
}

std::optional<PolicySetting> find_policy_setting(PolicyRule rule, std::string_view name) {
    for (size_t i = 0; i < kSettings.size(); ++i)
        if (kSettings[i].rule == rule && kSettings[i].name == name)
            return static_cast<PolicySetting>(i);
    return std::nullopt;
}

std::string_view policy_mode_name(PolicyMode mode) {
    return kModes[static_cast<size_t>(mode)];
}

std::optional<PolicyMode> find_policy_mode(std::string_view name) {
    for (size_t i = 0; i < kModes.size(); ++i)
        if (kModes[i] == name) return static_cast<PolicyMode>(i);
    return std::nullopt;
}

}  // namespace gatepost::storage
