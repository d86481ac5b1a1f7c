// Tables of Postfix and rules as CSV: what is read and written is read again the same.
#include "controlplane/mail_import/postfix_map.h"
#include "controlplane/model/filing_rule.h"
#include "storage/base/check.h"

using namespace gatepost::controlplane;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    MailImport import, again;
    import_virtual_aliases(import, text, "fuzz", "example.org");
    import_virtual_aliases(again, virtual_alias_text(import.aliases()), "again", "");
    GATEPOST_CHECK(again.aliases() == import.aliases());
    if (auto rules = filing_rules_from_csv(text, "fuzz")) {
        auto same = filing_rules_from_csv(filing_rules_to_csv(*rules), "again");
        GATEPOST_CHECK(same.has_value() && *same == *rules);
    }
    return 0;
}
