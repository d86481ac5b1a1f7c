// The policy of one worker: rules with names (storage/policy/policy_rule.h) in the modes that the
// directory says, over tables that all workers share.
//
// Whom a rule is about: the DNS rules, greylist, recipient_rate and the messages of
// rate_limit_address and rate_limit_network are about hosts that have not logged in, on the mx
// listener. Exempt networks and the host itself are let off these, early_talker,
// unauthorized_pipelining and all rates of addresses; exempt networks auth_penalty as well. Who has
// logged in has rate_limit_account. lmtp and local are trusted: no rule is about them.
//
// The DNS rules are judged at the first recipient, so that the log knows whose mail it was, and not
// for <postmaster> and <abuse>, who must be reachable for whoever is refused (RFC 5321 §4.5.1).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "dataplane/auth/auth_penalty.h"
#include "dataplane/policy/current_policy.h"
#include "dataplane/policy/dns_judge.h"
#include "dataplane/policy/policy_counters.h"
#include "dataplane/policy/policy_shared.h"
#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/resolver/dns_client.h"
#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::dataplane {

class MailPolicy final : public SmtpPolicy {
  public:
    // All of them outlive it.
    struct Parts {
        PolicyShared& shared;
        PolicyCounters& counters;  // this worker's
        AuthPenalty& penalty;
        DnsClient& dns;
        TimerWheel& timers;  // its clock is the one of rates and penalties
        std::function<DirectoryNow()> directory;
        RecipientLookup& recipients;
        std::function<int64_t()> clock_s;  // seconds since 1970
    };
    MailPolicy(Parts parts, std::string server_name);

    Task<PolicyVerdict> on_connect(const SmtpClient& client) override;
    uint32_t greeting_ms(const SmtpClient& client) override;
    Task<PolicyVerdict> on_helo(const SmtpClient& client) override;
    Task<PolicyVerdict> on_mail(const SmtpClient& client,
                                const storage::Envelope& envelope) override;
    Task<PolicyVerdict> on_rcpt(const SmtpClient& client, const storage::Envelope& envelope,
                                const PolicyRecipient& recipient) override;
    Task<PolicyVerdict> on_data_end(const SmtpClient& client, const storage::Envelope& envelope,
                                    const PolicyMessage& message) override;
    Task<PolicyVerdict> on_auth(const SmtpClient& client) override;
    Task<> on_auth_end(const SmtpClient& client, const LoginOutcome& outcome) override;
    bool on_rule(const SmtpClient& client, SmtpRefusal rule) override;

    // Logins of every protocol, for the rule auth_penalty. How long the client waits for the word
    // that it failed; milliseconds. `session_id` 0: of a protocol whose log has none.
    uint32_t login_failed(const PeerAddress& client, uint64_t session_id = 0);
    void login_succeeded(const PeerAddress& client);

  private:
    using MaybeVerdict = std::optional<PolicyVerdict>;
    // What DNS said of a session's client and sender; those before are forgotten.
    struct Judged {
        std::string helo;
        std::string reverse_path;
        MaybeVerdict verdict;
    };

    bool is_host(const LoadedPolicy& policy, const SmtpClient& client) const;
    // Counts and logs it; a verdict where the rule is enforced.
    MaybeVerdict apply(const LoadedPolicy& policy, const SmtpClient& client, PolicyHit hit);
    void note_monitored(const SmtpClient& client, storage::PolicyRule rule, std::string_view why);
    // Counts one for the source, and gives a verdict where it was one too many.
    MaybeVerdict limit(const LoadedPolicy& policy, const SmtpClient& client,
                       storage::PolicySetting setting, uint64_t source, uint16_t code,
                       std::string_view what);
    MaybeVerdict limit_recipients(const LoadedPolicy& policy, const SmtpClient& client);
    MaybeVerdict ask_greylist(const LoadedPolicy& policy, const SmtpClient& client,
                              const storage::Envelope& envelope, const PolicyRecipient& recipient);
    bool are_fit_authors(const SmtpClient& client, const std::vector<std::string>& authors);
    Task<MaybeVerdict> judge(std::shared_ptr<const LoadedPolicy> policy, const SmtpClient& client,
                             const storage::Envelope& envelope);
    void remember(uint64_t session, Judged judged);

    Parts parts_;
    const std::string server_name_;
    CurrentPolicy current_;
    std::unordered_map<uint64_t, Judged> judged_;  // by session
    std::deque<uint64_t> judged_order_;            // the oldest first
};

}  // namespace gatepost::dataplane
