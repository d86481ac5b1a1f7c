#include "dataplane/mail_service/login_watch.h"

#include <algorithm>
#include <utility>

#include "dataplane/log/log.h"
#include "dataplane/mail_directory/mail_directory.h"
#include "dataplane/mail_service/login_candidates.h"
#include "storage/arena/stream_counters.h"

namespace gatepost::dataplane {

namespace {

uint64_t serial_of(const storage::DirectoryView& view, storage::EntryKind kind,
                   std::string_view key) {
    const auto entry = view.find(kind, key);
    return entry ? entry->serial : 0;
}

std::string_view domain_of(std::string_view address) {
    return address.substr(address.rfind('@') + 1);
}

// nullptr: it has gone, or is another secret.
const storage::Credential* find_credential(const storage::MailAccount& account, uint64_t id,
                                           uint64_t generation) {
    for (const storage::Credential& credential : account.credentials)
        if (credential.id == id && credential.generation == generation) return &credential;
    return nullptr;
}

}  // namespace

void LoginWatch::add(LoginHold& hold, const LoginClient& client, const LoginOutcome& outcome) {
    hold.begin(*this, outcome.account_id);
    Account& account = accounts_[outcome.account_id];
    if (account.address != outcome.user) account.address = outcome.user;
    // Not judged here: the session is not ready to be ended from within.
    account.arena = 0;
    account.serial = 0;
    account.logins.push_back({.hold = &hold,
                              .credential_id = outcome.credential_id,
                              .generation = outcome.credential_generation,
                              .service = client.credential_service});
    queue_.push_back(outcome.account_id);
}

void LoginWatch::forget(LoginHold& hold) {
    const auto ending = std::ranges::find(ending_, &hold);
    if (ending != ending_.end()) {
        *ending = nullptr;
        return;
    }
    const auto found = accounts_.find(hold.account_id());
    if (found == accounts_.end()) return;
    std::erase_if(found->second.logins, [&](const Login& login) { return login.hold == &hold; });
    if (found->second.logins.empty()) accounts_.erase(found);
}

void LoginWatch::look(uint64_t now_ms) {
    const uint64_t passed_ms = now_ms - std::exchange(looked_ms_, now_ms);
    const DirectoryNow now = parts_.directory();
    if (now.view == nullptr) return;
    const bool has_changed = now.generation != arena_ || now.view->account_version() != version_;
    if (!has_changed && queue_.empty() && expires_at_s_ == kNever) return;
    const int64_t now_s = parts_.clock_s();
    if (queue_.empty() && (has_changed || now_s >= expires_at_s_)) begin_round(now);
    uint64_t looks = std::clamp(passed_ms * kLooksPerMs, kLooksMin, kLooksMax);
    for (; looks != 0 && !queue_.empty(); --looks) {
        const uint64_t account_id = queue_.back();
        queue_.pop_back();
        look_at(account_id, now, now_s);
    }
}

void LoginWatch::begin_round(const DirectoryNow& now) {
    arena_ = now.generation;
    version_ = now.view->account_version();
    expires_at_s_ = kNever;
    queue_.reserve(accounts_.size());
    for (const auto& [account_id, account] : accounts_) queue_.push_back(account_id);
}

void LoginWatch::look_at(uint64_t account_id, const DirectoryNow& now, int64_t now_s) {
    const auto found = accounts_.find(account_id);
    if (found == accounts_.end()) return;  // its last session has ended
    Account& account = found->second;
    const uint64_t serial = serial_of(*now.view, storage::EntryKind::mail_account, account.address);
    const uint64_t domain_serial =
        serial_of(*now.view, storage::EntryKind::mail_domain, domain_of(account.address));
    const bool is_same = now.generation == account.arena && serial == account.serial &&
                         domain_serial == account.domain_serial;
    if (!is_same || now_s >= account.expires_at_s) {
        account.arena = now.generation;
        account.serial = serial;
        account.domain_serial = domain_serial;
        judge(account_id, account, now, now_s);
    }
    expires_at_s_ = std::min(expires_at_s_, account.expires_at_s);
    if (account.logins.empty()) accounts_.erase(found);
    tell_ended();
}

void LoginWatch::judge(uint64_t account_id, Account& account, const DirectoryNow& now,
                       int64_t now_s) {
    storage::count(parts_.counters.judged);
    const auto address = storage::parse_mail_address(account.address, storage::AddressForm::utf8);
    const auto about = address ? MailDirectory(*now.view).account(*address) : std::nullopt;
    const bool is_there = about && about->account.id == account_id;
    account.expires_at_s = kNever;
    std::erase_if(account.logins, [&](const Login& login) {
        std::string_view reason = "no such account";
        if (is_there) reason = login_refusal(about->account, login.service);
        if (is_there && reason.empty()) {
            const storage::Credential* credential =
                find_credential(about->account, login.credential_id, login.generation);
            if (credential != nullptr && is_good(*credential, login.service, now_s)) {
                if (credential->expires_at_s != 0)
                    account.expires_at_s = std::min(account.expires_at_s, credential->expires_at_s);
                return false;
            }
            reason = credential == nullptr ? "another password" : "no password for this service";
        }
        log(LogLevel::info, "login.ended", {{"user", account.address}, {"reason", reason}});
        ending_.push_back(login.hold);
        return true;
    });
}

void LoginWatch::tell_ended() {
    for (size_t i = 0; i < ending_.size(); ++i) {
        LoginHold* hold = std::exchange(ending_[i], nullptr);
        if (hold == nullptr) continue;
        storage::count(parts_.counters.ended);
        hold->end();
    }
    ending_.clear();
}

}  // namespace gatepost::dataplane
