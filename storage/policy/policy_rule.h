// The rules about who sends mail and how. They are built in; what an administrator sets is the mode
// of each and its settings, which are whole numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gatepost::storage {

enum class PolicyRule : uint8_t {
    unknown_recipient,
    relay_denied,
    early_talker,
    unauthorized_pipelining,
    helo_syntax,
    helo_resolves,
    reverse_dns,
    forward_confirmed_reverse_dns,
    dns_list,
    sender_domain_resolves,
    greylist,
    rate_limit_address,
    rate_limit_network,
    rate_limit_account,
    recipient_rate,
    auth_penalty,
    sender_identity,
    header_from,
};
inline constexpr size_t kPolicyRules = 18;

enum class PolicyMode : uint8_t {
    off,
    monitor,  // hits are counted and logged, nothing is refused
    enforce,
};

// Each is a setting of one rule.
enum class PolicySetting : uint8_t {
    early_talker_greeting_ms,
    helo_resolves_defer,
    reverse_dns_defer,
    forward_confirmed_defer,
    dns_list_reject_score,
    sender_domain_resolves_defer,
    greylist_delay_s,
    greylist_window_s,
    greylist_keep_days,
    greylist_auto_allow_after,
    address_connections_per_minute,
    address_messages_per_minute,
    network_connections_per_minute,
    network_messages_per_minute,
    account_messages_per_hour,
    account_recipients_per_hour,
    recipient_rate_per_minute,
    auth_penalty_refuse_at_ms,
};
inline constexpr size_t kPolicySettings = 18;

struct PolicySettingAbout {
    PolicyRule rule;
    std::string_view name;  // among the rule's settings
    int64_t least;
    int64_t most;
    int64_t otherwise;  // where it is not set
    std::string_view about;
};

struct PolicyRuleAbout {
    std::string_view name;
    PolicyMode mode;  // where nothing is set
    // The rule is no choice: without it this would be an open relay, or take what it cannot
    // deliver. Its hits are counted in any mode.
    bool always;
    std::string_view about;
};

const PolicyRuleAbout& about(PolicyRule rule);
const PolicySettingAbout& about(PolicySetting setting);
std::optional<PolicyRule> find_policy_rule(std::string_view name);
std::optional<PolicySetting> find_policy_setting(PolicyRule rule, std::string_view name);

std::string_view policy_mode_name(PolicyMode mode);
std::optional<PolicyMode> find_policy_mode(std::string_view name);

}  // namespace gatepost::storage
