// A line of SMTP and what it is made of: whatever comes, what is found in it lies in it.
#include <string>

#include "dataplane/smtp/command.h"
#include "dataplane/smtp/header_filter.h"
#include "dataplane/smtp/parameters.h"
#include "storage/base/check.h"
#include "storage/mail_address/path.h"

using namespace gatepost;
using namespace gatepost::dataplane;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > 4096) return 0;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    SmtpCommand command = parse_smtp_command(line);
    GATEPOST_CHECK(command.argument.size() <= line.size());
    std::string_view argument = command.argument;
    if (!take_path_prefix(argument, "FROM:")) take_path_prefix(argument, "TO:");
    const auto path = storage::parse_reverse_path(argument, storage::AddressForm::utf8);
    const std::string_view text = path ? path->parameters : line;
    if (const auto mail = parse_mail_parameters(text, 1000, true))
        GATEPOST_CHECK(!mail->size || *mail->size <= 1000);
    if (const auto rcpt = parse_rcpt_parameters(text))
        GATEPOST_CHECK((rcpt->notify & storage::kNotifyNever) == 0 ||
                       rcpt->notify == storage::kNotifyNever);
    if (const auto decoded = decode_xtext(text)) GATEPOST_CHECK(!has_control_character(*decoded));
    GATEPOST_CHECK(authserv_id_of(line).size() <= line.size());
    return 0;
}
