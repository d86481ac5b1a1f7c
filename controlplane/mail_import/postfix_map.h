// Tables of Postfix in text form, as postmap(1) reads them: "source target, target" a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/mail_import/mail_import.h"
#include "controlplane/model/mail_alias.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct PostfixMapEntry {
    size_t line = 0;
    std::string key;
    std::string value;  // "": a list of keys only
};

// Comments and empty lines are left out, lines that begin with a blank continue the one before.
std::vector<PostfixMapEntry> read_postfix_map(std::string_view text);

// virtual_alias_maps. `name` is the file's, for what is skipped; `origin` completes addresses
// without a domain, as Postfix's $myorigin; "": these are skipped. A key without "@" names a
// virtual domain, and adds it.
void import_virtual_aliases(MailImport& import, std::string_view text, std::string_view name,
                            std::string_view origin);
// virtual_mailbox_domains, as a table or a list.
void import_virtual_domains(MailImport& import, std::string_view text, std::string_view name);
// virtual_mailbox_maps: the keys are the addresses of accounts.
void import_virtual_mailboxes(MailImport& import, std::string_view text, std::string_view name);

// Reads back to the same aliases. Inactive ones are comments.
std::string virtual_alias_text(const std::vector<MailAlias>& aliases);

}  // namespace gatepost::controlplane
