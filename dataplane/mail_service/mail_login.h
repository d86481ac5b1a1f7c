// Logging in with the accounts of the directory: passwords are checked by helper threads, or known
// from a moment ago.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "dataplane/auth/helper_threads.h"
#include "dataplane/auth/login_cache.h"
#include "dataplane/auth/login_port.h"
#include "dataplane/delivery/delivery_courier.h"
#include "dataplane/mail_service/login_candidates.h"
#include "dataplane/mail_service/login_watch.h"
#include "dataplane/tls/directory_source.h"

namespace gatepost::dataplane {

class MailLogin final : public LoginPort {
  public:
    // All of them outlive it.
    struct Parts {
        std::function<DirectoryNow()> directory;  // as DirectoryRecipients has it
        HelperPort& helpers;
        LoginCache& cache;
        LoginWatch& watch;
        DeliveryCourier& courier;  // brings notes of logins to the database
        const ScramDecoyKey& decoy_key;
        std::vector<SaslMechanism> mechanisms;  // that are offered, in the order of preference
    };
    explicit MailLogin(Parts parts) : parts_(std::move(parts)) {}

    std::span<const SaslMechanism> mechanisms() override { return parts_.mechanisms; }
    const ScramDecoyKey& decoy_key() override { return parts_.decoy_key; }
    Task<LoginOutcome> check(const LoginClient& client, SaslMechanism mechanism,
                             std::string_view login, std::string_view secret) override;
    Task<LoginOutcome> find_scram_keys(const LoginClient& client, std::string_view login,
                                       std::optional<storage::ScramKeys>& keys) override;
    void ended(const LoginClient& client, const LoginOutcome& outcome) override;
    void watch(LoginHold& hold, const LoginClient& client, const LoginOutcome& outcome) override {
        parts_.watch.add(hold, client, outcome);
    }

  private:
    using Credential = LoginCandidates::Credential;

    LoginCandidates find(const LoginClient& client, std::string_view login, bool token) const;
    std::optional<uint32_t> find_known(const LoginClient& client, const LoginCandidates& account,
                                       std::string_view secret);
    Task<> keep(const LoginClient& client, const LoginCandidates& account, uint32_t match,
                std::string_view secret, bool rehash_wanted);
    static LoginOutcome right(const LoginCandidates& account, const Credential& credential);
    static LoginOutcome failed(LoginOutcome::Status status, std::string_view login,
                               std::string reason);

    Parts parts_;
};

}  // namespace gatepost::dataplane
