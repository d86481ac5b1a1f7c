#include "dataplane/policy/mail_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/log/log.h"
#include "dataplane/policy/delay.h"

namespace gatepost::dataplane {

namespace {

using storage::PolicyMode;
using storage::PolicyRule;
using storage::PolicySetting;

constexpr uint64_t kMinute = 60'000'000;  // microseconds
constexpr uint64_t kHour = 60 * kMinute;
// Sessions whose judgment is kept: as many as are at work at a time. Others are judged again, by
// the resolver's cache.
constexpr size_t kJudgedMax = 4096;

constexpr PolicyRule kDnsRules[] = {PolicyRule::helo_syntax,
                                    PolicyRule::reverse_dns,
                                    PolicyRule::forward_confirmed_reverse_dns,
                                    PolicyRule::helo_resolves,
                                    PolicyRule::sender_domain_resolves,
                                    PolicyRule::dns_list};

std::optional<PolicyRule> rule_of(SmtpRefusal refusal) {
    return storage::find_policy_rule(smtp_refusal_name(refusal));
}

bool is_trusted(const SmtpClient& client) {
    return client.role == SmtpRole::lmtp || client.role == SmtpRole::local;
}

// RFC 5321 §4.5.1, RFC 2142 §2.
bool is_always_reachable(const storage::MailAddress& address) {
    return address.local_part == "postmaster" || address.local_part == "abuse";
}

}  // namespace

MailPolicy::MailPolicy(Parts parts, std::string server_name)
    : parts_(std::move(parts)), server_name_(std::move(server_name)), current_(parts_.directory) {}

// One that hands over mail from elsewhere, and that is not exempt.
bool MailPolicy::is_host(const LoadedPolicy& policy, const SmtpClient& client) const {
    return client.role == SmtpRole::mx && client.account_id == 0 && !is_loopback(client.address) &&
           !policy.exempt.contains(client.address);
}

void MailPolicy::note_monitored(const SmtpClient& client, PolicyRule rule, std::string_view why) {
    storage::count(parts_.counters.monitored[static_cast<size_t>(rule)]);
    if (!log_enabled(LogLevel::info)) return;
    log(LogLevel::info, "policy.monitored",
        {{"session", session_text(client.session_id)},
         {"client", client.address.text()},
         {"rule", storage::about(rule).name},
         {"would_say", why}});
}

MailPolicy::MaybeVerdict MailPolicy::apply(const LoadedPolicy& policy, const SmtpClient& client,
                                           PolicyHit hit) {
    const PolicyMode mode = policy.entry.mode(hit.rule);
    if (mode == PolicyMode::off) return std::nullopt;
    if (mode == PolicyMode::monitor || hit.monitor_only) {
        note_monitored(client, hit.rule, hit.reply.text);
        return std::nullopt;
    }
    storage::count(parts_.counters.hits[static_cast<size_t>(hit.rule)]);
    return PolicyVerdict{.action = PolicyVerdict::Action::refuse,
                         .reply = std::move(hit.reply),
                         .rule = std::string(storage::about(hit.rule).name)};
}

MailPolicy::MaybeVerdict MailPolicy::limit(const LoadedPolicy& policy, const SmtpClient& client,
                                           PolicySetting setting, uint64_t source, uint16_t code,
                                           std::string_view what) {
    const PolicyRule rule = storage::about(setting).rule;
    if (policy.entry.mode(rule) == PolicyMode::off) return std::nullopt;
    const RateLimit rate{static_cast<uint64_t>(policy.entry.setting(setting)),
                         rule == PolicyRule::rate_limit_account ? kHour : kMinute};
    if (parts_.shared.rates().take(source, rate, parts_.timers.now_ms() * 1000))
        return std::nullopt;
    // RFC 3463 §3.8: X.7.1, by policy.
    return apply(policy, client,
                 {rule,
                  {code, "4.7.1",
                   fmt::format("too many {} lately; try again later (rule {})", what,
                               storage::about(rule).name)}});
}

Task<PolicyVerdict> MailPolicy::on_connect(const SmtpClient& client) {
    const auto policy = current_.get();
    if (is_trusted(client) || is_loopback(client.address) ||
        policy->exempt.contains(client.address))
        co_return PolicyVerdict{};
    const SourceSecret& secret = parts_.shared.secret();
    // RFC 5321 §3.8: with 421 the connection is closed.
    constexpr uint16_t kClose = 421;
    auto verdict = limit(
        *policy, client, PolicySetting::address_connections_per_minute,
        source_hash(secret, SourceKind::address_connections, client.address, SourcePrefix::host),
        kClose, fmt::format("connections from {}", client.address.text()));
    if (!verdict)
        verdict =
            limit(*policy, client, PolicySetting::network_connections_per_minute,
                  source_hash(secret, SourceKind::network_connections, client.address,
                              SourcePrefix::network),
                  kClose, fmt::format("connections from the network of {}", client.address.text()));
    co_return verdict.value_or(PolicyVerdict{});
}

uint32_t MailPolicy::greeting_ms(const SmtpClient& client) {
    const auto policy = current_.get();
    if (policy->entry.mode(PolicyRule::early_talker) == PolicyMode::off ||
        !is_host(*policy, client))
        return 0;
    return static_cast<uint32_t>(policy->entry.setting(PolicySetting::early_talker_greeting_ms));
}

Task<PolicyVerdict> MailPolicy::on_helo(const SmtpClient&) {
    co_return PolicyVerdict{};
}

Task<PolicyVerdict> MailPolicy::on_mail(const SmtpClient& client, const storage::Envelope&) {
    const auto policy = current_.get();
    const SourceSecret& secret = parts_.shared.secret();
    constexpr uint16_t kLater = 450;
    MaybeVerdict verdict;
    if (client.account_id != 0) {
        verdict = limit(*policy, client, PolicySetting::account_messages_per_hour,
                        account_hash(secret, SourceKind::account_messages, client.account_id),
                        kLater, fmt::format("messages of {}", client.user));
    } else if (is_host(*policy, client)) {
        verdict = limit(
            *policy, client, PolicySetting::address_messages_per_minute,
            source_hash(secret, SourceKind::address_messages, client.address, SourcePrefix::host),
            kLater, fmt::format("messages from {}", client.address.text()));
        if (!verdict)
            verdict = limit(*policy, client, PolicySetting::network_messages_per_minute,
                            source_hash(secret, SourceKind::network_messages, client.address,
                                        SourcePrefix::network),
                            kLater,
                            fmt::format("messages from the network of {}", client.address.text()));
    }
    co_return verdict.value_or(PolicyVerdict{});
}

MailPolicy::MaybeVerdict MailPolicy::limit_recipients(const LoadedPolicy& policy,
                                                      const SmtpClient& client) {
    const SourceSecret& secret = parts_.shared.secret();
    constexpr uint16_t kLater = 450;
    if (client.account_id != 0)
        return limit(policy, client, PolicySetting::account_recipients_per_hour,
                     account_hash(secret, SourceKind::account_recipients, client.account_id),
                     kLater, fmt::format("recipients of {}", client.user));
    if (!is_host(policy, client)) return std::nullopt;
    return limit(
        policy, client, PolicySetting::recipient_rate_per_minute,
        source_hash(secret, SourceKind::address_recipients, client.address, SourcePrefix::host),
        kLater, fmt::format("recipients from {}", client.address.text()));
}

Task<PolicyVerdict> MailPolicy::on_rcpt(const SmtpClient& client, const storage::Envelope& envelope,
                                        const PolicyRecipient& recipient) {
    const auto policy = current_.get();
    MaybeVerdict verdict = limit_recipients(*policy, client);
    if (!verdict && is_host(*policy, client) && !is_always_reachable(recipient.address)) {
        verdict = co_await judge(policy, client, envelope);
        if (!verdict) verdict = ask_greylist(*policy, client, envelope, recipient);
    }
    co_return verdict.value_or(PolicyVerdict{});
}

Task<MailPolicy::MaybeVerdict> MailPolicy::judge(std::shared_ptr<const LoadedPolicy> policy,
                                                 const SmtpClient& client,
                                                 const storage::Envelope& envelope) {
    if (std::ranges::all_of(kDnsRules, [&](PolicyRule rule) {
            return policy->entry.mode(rule) == PolicyMode::off;
        }))
        co_return std::nullopt;
    if (const auto known = judged_.find(client.session_id);
        known != judged_.end() && known->second.helo == client.helo &&
        known->second.reverse_path == envelope.reverse_path)
        co_return known->second.verdict;
    // Not as a temporary of the co_await: g++ 12 destroys an aggregate there twice.
    JudgedClient judged{client.address, client.helo, envelope.reverse_path};
    std::vector<PolicyHit> hits =
        co_await judge_by_dns(policy, std::move(judged), server_name_, parts_.dns);
    MaybeVerdict verdict;
    // Each is counted; the first that is enforced is told, one that is for good before the others.
    for (PolicyHit& hit : hits) {
        MaybeVerdict one = apply(*policy, client, std::move(hit));
        if (!one) continue;
        if (!verdict || (verdict->reply.is_transient() && !one->reply.is_transient()))
            verdict = std::move(one);
    }
    remember(client.session_id, {client.helo, envelope.reverse_path, verdict});
    co_return verdict;
}

void MailPolicy::remember(uint64_t session, Judged judged) {
    const auto [place, is_new] = judged_.insert_or_assign(session, std::move(judged));
    if (!is_new) return;
    judged_order_.push_back(session);
    if (judged_order_.size() <= kJudgedMax) return;
    judged_.erase(judged_order_.front());
    judged_order_.pop_front();
}

MailPolicy::MaybeVerdict MailPolicy::ask_greylist(const LoadedPolicy& policy,
                                                  const SmtpClient& client,
                                                  const storage::Envelope& envelope,
                                                  const PolicyRecipient& recipient) {
    if (policy.entry.mode(PolicyRule::greylist) == PolicyMode::off) return std::nullopt;
    const storage::PolicyEntry& entry = policy.entry;
    const GreylistTimes times{
        .delay_s = entry.setting(PolicySetting::greylist_delay_s),
        .window_s = entry.setting(PolicySetting::greylist_window_s),
        .keep_days = entry.setting(PolicySetting::greylist_keep_days),
        .auto_allow_after = entry.setting(PolicySetting::greylist_auto_allow_after)};
    if (parts_.shared.greylist().check(client.address, envelope.reverse_path,
                                       recipient.address.text(), times, parts_.clock_s()))
        return std::nullopt;
    // RFC 6647 §5: 4yz, with an enhanced code of 4.7.1.
    return apply(policy, client,
                 {PolicyRule::greylist,
                  {450, "4.7.1",
                   fmt::format("not seen before; try again after {} seconds (rule greylist)",
                               times.delay_s)}});
}

// RFC 5322 §3.6.2: there is an author at least. Of who has logged in, each is an address of that
// account.
bool MailPolicy::are_fit_authors(const SmtpClient& client,
                                 const std::vector<std::string>& authors) {
    if (authors.empty()) return false;
    return std::ranges::all_of(authors, [&](const std::string& author) {
        const auto address = storage::read_mail_address(author, storage::AddressForm::utf8);
        if (!address || address->domain.empty()) return false;
        return client.account_id == 0 || parts_.recipients.may_send_as(client.account_id, *address);
    });
}

Task<PolicyVerdict> MailPolicy::on_data_end(const SmtpClient& client, const storage::Envelope&,
                                            const PolicyMessage& message) {
    const auto policy = current_.get();
    const bool concerns = client.account_id != 0 || is_host(*policy, client);
    if (!concerns || message.authors == nullptr ||
        policy->entry.mode(PolicyRule::header_from) == PolicyMode::off ||
        are_fit_authors(client, *message.authors))
        co_return PolicyVerdict{};
    const std::string why =
        client.account_id == 0
            ? "the From field has no valid address (rule header_from)"
            : fmt::format("the From field has an address that is none of {} (rule header_from)",
                          client.user);
    PolicyHit hit{PolicyRule::header_from, {550, "5.7.1", why}};
    co_return apply(*policy, client, std::move(hit)).value_or(PolicyVerdict{});
}

Task<PolicyVerdict> MailPolicy::on_auth(const SmtpClient& client) {
    const auto policy = current_.get();
    const int64_t limit_ms = policy->entry.setting(PolicySetting::auth_penalty_refuse_at_ms);
    const PolicyMode mode = policy->entry.mode(PolicyRule::auth_penalty);
    if (limit_ms == 0 || mode == PolicyMode::off || policy->exempt.contains(client.address) ||
        parts_.penalty.penalty_ms(client.address, parts_.timers.now_ms()) < limit_ms)
        co_return PolicyVerdict{};
    // RFC 4954 §6: 454, for now.
    auto verdict = apply(*policy, client,
                         {PolicyRule::auth_penalty,
                          {454, "4.7.0",
                           fmt::format("too many logins from {} failed; try again later (rule "
                                       "auth_penalty)",
                                       client.address.text())}});
    co_return std::move(verdict).value_or(PolicyVerdict{});
}

Task<> MailPolicy::on_auth_end(const SmtpClient& client, const LoginOutcome& outcome) {
    using Status = LoginOutcome::Status;
    uint32_t wait_ms = 0;
    if (outcome.status == Status::right) login_succeeded(client.address);
    if (outcome.status == Status::wrong) wait_ms = login_failed(client.address, client.session_id);
    co_await Delay(parts_.timers, wait_ms);
}

void MailPolicy::login_succeeded(const PeerAddress& client) {
    const auto policy = current_.get();
    if (policy->entry.mode(PolicyRule::auth_penalty) == PolicyMode::off ||
        policy->exempt.contains(client))
        return;
    parts_.penalty.succeeded(client, parts_.timers.now_ms());
}

uint32_t MailPolicy::login_failed(const PeerAddress& client, uint64_t session_id) {
    const auto policy = current_.get();
    const PolicyMode mode = policy->entry.mode(PolicyRule::auth_penalty);
    if (mode == PolicyMode::off || policy->exempt.contains(client)) return 0;
    const uint64_t now_ms = parts_.timers.now_ms();
    const uint32_t wait_ms = parts_.penalty.penalty_ms(client, now_ms);
    // Before the wait: others of the same client that try meanwhile are to know.
    parts_.penalty.failed(client, now_ms);
    if (wait_ms == 0) return 0;
    if (mode == PolicyMode::monitor) {
        note_monitored({.address = client, .session_id = session_id}, PolicyRule::auth_penalty,
                       fmt::format("after {} ms", wait_ms));
        return 0;
    }
    storage::count(parts_.counters.hits[static_cast<size_t>(PolicyRule::auth_penalty)]);
    return wait_ms;
}

bool MailPolicy::on_rule(const SmtpClient& client, SmtpRefusal refusal) {
    const auto rule = rule_of(refusal);
    if (!rule) return true;  // no rule of the policy: the session's own
    const auto policy = current_.get();
    PolicyMode mode = policy->entry.mode(*rule);
    if (storage::about(*rule).always) mode = PolicyMode::enforce;
    const bool of_hosts =
        *rule == PolicyRule::early_talker || *rule == PolicyRule::unauthorized_pipelining;
    if (of_hosts && (is_loopback(client.address) || policy->exempt.contains(client.address)))
        mode = PolicyMode::off;
    if (mode == PolicyMode::monitor) note_monitored(client, *rule, "a refusal");
    if (mode != PolicyMode::enforce) return false;
    storage::count(parts_.counters.hits[static_cast<size_t>(*rule)]);
    return true;
}

}  // namespace gatepost::dataplane
