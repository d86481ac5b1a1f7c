#include "controlplane/mailboxes/database_agreement.h"

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

void DatabaseAgreement::found(const std::string& identity) {
    const std::lock_guard lock(mutex_);
    if (identity == newest_) return;
    if (!newest_.empty())
        log_warning("mailboxes.another_server").field("before", newest_).field("now", identity);
    newest_ = identity;
    is_agreed_ = false;
    ++era_;
}

bool DatabaseAgreement::is_newest(const std::string& identity) const {
    const std::lock_guard lock(mutex_);
    return identity == newest_;
}

bool DatabaseAgreement::agree(const std::string& identity) {
    const std::lock_guard lock(mutex_);
    if (identity != newest_) return false;
    if (!is_agreed_) ++era_;
    is_agreed_ = true;
    return true;
}

bool DatabaseAgreement::is_agreed() const {
    const std::lock_guard lock(mutex_);
    return is_agreed_;
}

uint64_t DatabaseAgreement::era() const {
    const std::lock_guard lock(mutex_);
    return era_;
}

bool DatabaseAgreement::is_current(uint64_t era) const {
    const std::lock_guard lock(mutex_);
    return is_agreed_ && era == era_;
}

bool DatabaseAgreement::is_current(uint64_t era, const std::string& identity) const {
    const std::lock_guard lock(mutex_);
    return is_agreed_ && era == era_ && identity == newest_;
}

}  // namespace gatepost::controlplane
