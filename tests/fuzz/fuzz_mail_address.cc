// Mail addresses and paths: what is taken comes back the same.
#include "storage/base/check.h"
#include "storage/mail_address/path.h"

using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (AddressForm form : {AddressForm::ascii, AddressForm::utf8}) {
        if (auto address = read_mail_address(text, form)) {
            GATEPOST_CHECK(address->text().size() <= kMailAddressMax);
            auto again = read_mail_address(address->text(), form);
            GATEPOST_CHECK(again.has_value() && *again == *address);
            GATEPOST_CHECK(!display_domain(address->domain).empty());
        }
        if (auto path = parse_reverse_path(text, form); path && path->kind == PathKind::mailbox)
            GATEPOST_CHECK(read_mail_address(path->mailbox, form) == path->address);
        if (auto path = parse_forward_path(text, form))
            GATEPOST_CHECK(path->mailbox.size() + path->parameters.size() <= size);
    }
    return 0;
}
