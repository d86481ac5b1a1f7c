// A mapped arena of mailboxes, whose header has been checked.
#pragma once

#include <cstdint>

#include "storage/arena/segment.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::storage {

class MailboxIndexImage {
  public:
    // A live arena of the control plane; takes the descriptor over. Refuses (invalid) what is none.
    static Result<MailboxIndexImage> map(UniqueFd fd);

    MailboxIndexView view() const { return MailboxIndexView(segment_.data()); }
    uint64_t generation() const;

  private:
    explicit MailboxIndexImage(Segment segment) : segment_(std::move(segment)) {}

    Segment segment_;
};

}  // namespace gatepost::storage
