// Who wants to see a message while it is read: filters, search, the check for viruses.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/message_summary.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Calls come in the order of the message; `part` is the index in MessageSummary::parts. What is
// given is valid during the call only.
class MimeListener {
  public:
    virtual ~MimeListener() = default;

    // A whole field, within kFieldOctetsMax: of the message, of a part, or of a message in it.
    virtual void on_header_field(uint32_t part, const HeaderField& field) = 0;
    // The header of a part is complete: all members are set but the sizes of its body.
    virtual void on_part(uint32_t part, const MessagePart& info) = 0;
    // Octets of the body of a part that has no parts in it, as they stand (TransferDecoder decodes
    // them). Pieces of any size; the line end before a boundary is not among them.
    virtual void on_body(uint32_t part, Bytes raw) = 0;
};

}  // namespace gatepost::dataplane
