#include "dataplane/mail_service/login_candidates.h"

#include "dataplane/mail_directory/mail_directory.h"

namespace gatepost::dataplane {

std::string_view login_refusal(const storage::MailAccount& account, uint8_t service) {
    if ((account.flags & storage::kAccountSuspended) != 0) return "suspended";
    if ((account.flags & storage::kAccountNoEmail) != 0 && service != storage::kServiceWeb)
        return "an account without mail";
    return "";
}

bool is_good(const storage::Credential& credential, uint8_t service, int64_t now_s) {
    return (credential.services & service) != 0 &&
           (credential.expires_at_s == 0 || credential.expires_at_s > now_s);
}

LoginCandidates find_login(const DirectoryNow& directory, const LoginQuestion& question) {
    LoginCandidates found;
    if (directory.view == nullptr)
        return {.loaded = false, .refusal = "the directory is not loaded"};
    auto address = storage::parse_mail_address(question.login, storage::AddressForm::utf8);
    if (!address) return {.refusal = "no such account"};
    const auto account = MailDirectory(*directory.view).account(*address);
    if (!account) return {.refusal = "no such account"};
    found.account_id = account->account.id;
    found.entry_serial = account->serial;
    found.address = account->address;
    found.arena = directory.generation;
    found.token = question.token;
    found.refusal = login_refusal(account->account, question.service);
    if (!found.refusal.empty()) return found;
    for (const storage::Credential& credential : account->account.credentials) {
        const bool is_token = credential.kind == storage::CredentialKind::token;
        if (is_token != question.token || !is_good(credential, question.service, question.now_s))
            continue;
        found.credentials.push_back({credential.id, credential.generation, credential.expires_at_s,
                                     std::string(credential.hash)});
    }
    if (found.credentials.empty()) found.refusal = "no password for this service";
    return found;
}

}  // namespace gatepost::dataplane
