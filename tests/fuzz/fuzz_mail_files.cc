// What comes with mail in files: headers, names of Maildir folders, sendmail's view of a message.
#include "storage/base/check.h"
#include "tools/gatepost/mail/local_smtp.h"
#include "tools/gatepost/mail/maildir.h"
#include "tools/gatepost/mail/mbox.h"
#include "tools/gatepost/mail/message_header.h"
#include "tools/sendmail/submission.h"

using namespace gatepost::tools;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (auto name = maildir_folder_to_name(text))
        GATEPOST_CHECK(maildir_folder_to_name(maildir_folder_from_name(*name)) == name);
    const SplitMessage split = split_message(text);
    size_t octets = 0;
    for (const RawField& field : split.fields) octets += field.raw.size();
    GATEPOST_CHECK(octets == split.header.size() && split.rest.size() + octets <= size);
    SendmailOptions options;
    options.recipients_from_header = true;
    if (auto made = make_submission(up_to_dot(text, false), options, {"ada", "", "example.org"}))
        GATEPOST_CHECK(!made->recipients.empty() &&
                       canonical_message(made->octets) == made->octets);
    GATEPOST_CHECK(mbox_quoted(text).ends_with('\n'));
    return 0;
}
