// A URL as CATENATE names a part of a message by it: what is taken names one message.
#include "dataplane/imap/imap_url.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto url = parse_imap_url(text, "mx.example.org");
    if (!url) return 0;
    GATEPOST_CHECK(!url->mailbox.empty() && url->mailbox.size() <= size && url->uid != 0);
    GATEPOST_CHECK(url->item.kind == FetchItem::Kind::body_section && url->item.peek);
    GATEPOST_CHECK(!url->authorization || url->authorization->signed_octets <= size);
    return 0;
}
