#include "dataplane/mail_service/login_candidates.h"

#include "dataplane/mail_directory/mail_directory.h"

namespace gatepost::dataplane {

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
    if ((account->account.flags & storage::kAccountSuspended) != 0) {
        found.refusal = "suspended";
        return found;
    }
    if ((account->account.flags & storage::kAccountNoEmail) != 0 &&
        question.service != storage::kServiceWeb) {
        found.refusal = "an account without mail";
        return found;
    }
    for (const storage::Credential& credential : account->account.credentials) {
        const bool is_token = credential.kind == storage::CredentialKind::token;
        if (is_token != question.token || (credential.services & question.service) == 0) continue;
        if (credential.expires_at_s != 0 && credential.expires_at_s <= question.now_s) continue;
        found.credentials.push_back(
            {credential.id, credential.expires_at_s, std::string(credential.hash)});
    }
    if (found.credentials.empty()) found.refusal = "no password for this service";
    return found;
}

}  // namespace gatepost::dataplane
