#include "dataplane/smtp/message_intake.h"

namespace gatepost::dataplane {

MessageIntake::MessageIntake(SmtpEnvironment& environment, const SmtpOptions& options,
                             bool check_line_ends)
    : options_(options),
      header_(options.results_id()),
      message_(environment.store().begin()),
      scanner_(environment.make_scanner()),
      check_line_ends_(check_line_ends) {}

void MessageIntake::give_up(IntakeFault fault) {
    if (fault_ != IntakeFault::none) return;
    fault_ = fault;
    message_.reset();
    scanner_.reset();
    pending_ = {};
}

void MessageIntake::note_store(StoreStatus status) {
    store_status_ = status;
    give_up(IntakeFault::store);
}

void MessageIntake::take(Bytes octets) {
    octets_ += octets.size();
    if (fault_ != IntakeFault::none) return;
    if (octets_ > options_.message_octets_max) return give_up(IntakeFault::too_large);
    if (check_line_ends_) {
        line_ends_.take(octets);
        if (line_ends_.found_bare()) return give_up(IntakeFault::bare_line_end);
    }
    const size_t before = pending_.size();
    size_t used = 0;
    if (!header_.has_ended()) {
        used = header_.take(octets, pending_);
        if (header_.found_bare()) return give_up(IntakeFault::bare_line_end);
        if (header_.has_nul()) return give_up(IntakeFault::nul_in_header);
        if (header_.received_fields() > options_.received_fields_max)
            return give_up(IntakeFault::too_many_hops);
    }
    pending_.insert(pending_.end(), octets.begin() + static_cast<ptrdiff_t>(used), octets.end());
    if (scanner_ != nullptr && pending_.size() > before)
        scanner_->take(Bytes(pending_).subspan(before));
}

void MessageIntake::finish() {
    if (fault_ != IntakeFault::none) return;
    const size_t before = pending_.size();
    line_ends_.finish();
    if (!header_.has_ended()) header_.finish(pending_);
    if (line_ends_.found_bare() || header_.found_bare()) return give_up(IntakeFault::bare_line_end);
    if (scanner_ != nullptr && pending_.size() > before)
        scanner_->take(Bytes(pending_).subspan(before));
}

Task<> MessageIntake::flush() {
    if (fault_ != IntakeFault::none || pending_.empty()) co_return;
    const StoreStatus status = co_await message_->add(pending_);
    pending_.clear();
    if (status != StoreStatus::ok) note_store(status);
}

}  // namespace gatepost::dataplane
