#include "storage/mailbox_index/mailbox_index_image.h"

#include "storage/arena/image_file.h"
#include "storage/mailbox_index/mailbox_index_header.h"

namespace gatepost::storage {

Result<MailboxIndexImage> MailboxIndexImage::map(UniqueFd fd) {
    auto segment = Segment::map_readonly(std::move(fd));
    if (!segment) return tl::unexpected(std::move(segment).error());
    if (Status ok = check_preamble(*segment, kMailboxIndexKind, "the mailbox index handed over");
        !ok)
        return tl::unexpected(std::move(ok).error());
    return MailboxIndexImage(std::move(*segment));
}

uint64_t MailboxIndexImage::generation() const {
    return reinterpret_cast<const MailboxIndexHeader*>(segment_.data())->image.generation;
}

}  // namespace gatepost::storage
