// The values of header fields: addresses, encoded words, parameters, dates, and whole headers.
#include "dataplane/mail/address_list.h"
#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_reader.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/message_date.h"
#include "dataplane/mail/parameter.h"
#include "dataplane/mail/preview.h"
#include "storage/base/check.h"

using namespace gatepost::dataplane;

namespace {

const Charsets kCharsets = Charsets::open_all();

void check_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = utf8_sequence_length(text);
        GATEPOST_CHECK(length > 0);
        text.remove_prefix(length);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<EnvelopeAddress> addresses;
    (void)parse_address_list(text, 10, addresses);
    GATEPOST_CHECK(addresses.size() <= 10);
    size_t open_groups = 0;
    for (const EnvelopeAddress& address : addresses) {
        open_groups += address.kind == AddressKind::group_start ? 1 : 0;
        open_groups -= address.kind == AddressKind::group_end ? 1 : 0;
        GATEPOST_CHECK(open_groups <= 1);
    }
    GATEPOST_CHECK(open_groups == 0);
    const std::string decoded = decode_encoded_words(text, kCharsets);
    check_utf8(decoded);
    check_utf8(collapse_spaces(html_text(decoded), kPreviewCharactersMax));
    std::vector<Parameter> parameters;
    (void)parse_parameters(text, kParametersMax, parameters);
    GATEPOST_CHECK(parameters.size() <= kParametersMax);
    for (const Parameter& parameter : parameters)
        check_utf8(parameter_text(parameters, parameter.name, kCharsets));
    if (auto date = parse_message_date(text)) GATEPOST_CHECK(date->zone_minutes <= 99 * 60 + 59);
    HeaderReader reader(text);
    for (size_t last = 0; auto field = reader.next();) {
        GATEPOST_CHECK(field->offset >= last &&
                       text.substr(field->offset, 1) == field->raw.substr(0, 1));
        last = field->offset + field->raw.size();
    }
    return 0;
}
