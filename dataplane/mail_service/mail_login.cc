#include "dataplane/mail_service/mail_login.h"

#include <ctime>

#include "dataplane/auth/credential_check.h"
#include "storage/password/create.h"
#include "storage/password/password_hash.h"

namespace gatepost::dataplane {

namespace {

using Outcome = LoginOutcome::Status;

uint64_t monotonic_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000 +
           static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

LoginSubject subject_of(const LoginClient& client, const LoginCandidates& account) {
    return {.account_id = account.account_id,
            .entry_serial = account.entry_serial,
            .arena = account.arena,
            .service = client.credential_service,
            .credentials = static_cast<uint32_t>(account.credentials.size()),
            .token = account.token};
}

// A new hash for a password that is stored in a weaker form than today's.
class Rehash final : public HelperJob {
  public:
    std::string_view password;
    std::string hash;  // "": it could not be made

    void run() override {
        auto made = storage::hash_password(storage::kPreferredScheme, password);
        if (made) hash = std::move(*made);
    }
};

}  // namespace

LoginCandidates MailLogin::find(const LoginClient& client, std::string_view login,
                                bool token) const {
    return find_login(parts_.directory(), {.login = login,
                                           .service = client.credential_service,
                                           .token = token,
                                           .now_s = std::time(nullptr)});
}

std::optional<uint32_t> MailLogin::find_known(const LoginClient& client,
                                              const LoginCandidates& account,
                                              std::string_view secret) {
    if (!account.refusal.empty()) return std::nullopt;
    auto known = parts_.cache.find(subject_of(client, account), secret, monotonic_ms());
    return known && *known < account.credentials.size() ? known : std::nullopt;
}

Task<LoginOutcome> MailLogin::check(const LoginClient& client, SaslMechanism mechanism,
                                    std::string_view login, std::string_view secret) {
    const LoginCandidates account = find(client, login, mechanism == SaslMechanism::oauthbearer);
    if (!account.loaded) co_return failed(Outcome::unavailable, login, account.refusal);
    if (auto known = find_known(client, account, secret))
        co_return right(account, account.credentials[*known]);
    CredentialCheck job;
    job.login = login;
    job.password = secret;
    // Without credentials it takes as long as with one.
    if (account.refusal.empty())
        for (const Credential& credential : account.credentials)
            job.crypt_strings.push_back(credential.hash);
    HelperResult ran = co_await parts_.helpers.run(job);
    if (ran == HelperResult::busy)
        co_return failed(Outcome::unavailable, login, "too many logins at once");
    if (!job.match)
        co_return failed(Outcome::wrong, login,
                         account.refusal.empty() ? "wrong password" : account.refusal);
    co_await keep(client, account, *job.match, secret, job.rehash_wanted);
    co_return right(account, account.credentials[*job.match]);
}

Task<> MailLogin::keep(const LoginClient& client, const LoginCandidates& account, uint32_t match,
                       std::string_view secret, bool rehash_wanted) {
    const Credential& credential = account.credentials[match];
    const uint64_t now_ms = monotonic_ms();
    uint64_t until_ms = 0;
    if (credential.expires_at_s != 0)
        until_ms =
            now_ms + static_cast<uint64_t>(credential.expires_at_s - std::time(nullptr)) * 1000;
    parts_.cache.remember(subject_of(client, account), secret, match, now_ms, until_ms);
    if (!rehash_wanted) co_return;
    Rehash job;
    job.password = secret;
    HelperResult ran = co_await parts_.helpers.run(job);
    if (ran == HelperResult::done && !job.hash.empty())
        parts_.courier.note(storage::LoginNote{.account_id = account.account_id,
                                               .credential_id = credential.id,
                                               .old_hash = credential.hash,
                                               .new_hash = job.hash});
}

Task<LoginOutcome> MailLogin::find_scram_keys(const LoginClient& client, std::string_view login,
                                              std::optional<storage::ScramKeys>& keys) {
    const LoginCandidates account = find(client, login, false);
    if (!account.loaded) co_return failed(Outcome::unavailable, login, account.refusal);
    for (const Credential& credential : account.credentials) {
        auto stored = storage::parse_crypt_string(credential.hash);
        if (!stored || stored->scheme != storage::PasswordScheme::scram_sha_256) continue;
        keys = storage::parse_scram_keys(stored->data, storage::ScramHash::sha256);
        if (keys) co_return right(account, credential);
    }
    co_return failed(Outcome::wrong, login,
                     account.refusal.empty() ? "no SCRAM keys are stored" : account.refusal);
}

void MailLogin::ended(const LoginClient& client, const LoginOutcome& outcome) {
    if (outcome.status == Outcome::right)
        parts_.courier.note(storage::LoginNote{.account_id = outcome.account_id,
                                               .credential_id = outcome.credential_id});
    if (outcome.status == Outcome::wrong)
        parts_.courier.note(storage::AuthFailure{.service = std::string(client.service),
                                                 .name = outcome.user,
                                                 .client = client.address.text(),
                                                 .reason = outcome.reason});
}

LoginOutcome MailLogin::right(const LoginCandidates& account, const Credential& credential) {
    return {.status = Outcome::right,
            .account_id = account.account_id,
            .user = account.address,
            .credential_id = credential.id,
            .credential_generation = credential.generation};
}

LoginOutcome MailLogin::failed(Outcome status, std::string_view login, std::string reason) {
    return {.status = status, .user = std::string(login), .reason = std::move(reason)};
}

}  // namespace gatepost::dataplane
