// Gatepost's end of an import: its IMAP listener, and a password of the account for the time of the
// import alone. Nobody sees it; its hash is taken away when the import ends, or when the next one
// of the same account and source begins.
#pragma once

#include <string>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/imap_import/import_ends.h"

namespace gatepost::tools {

class OwnLogin {
  public:
    // `connection` outlives it. `source`: "ada@imap.example.org:993", for the password's label.
    // Refused where IMAP is not served here; unreachable where Gatepost does not run.
    static Result<OwnLogin> make(Context& context, controlplane::Connection& connection,
                                 const std::string& address, const std::string& source);
    ~OwnLogin();
    OwnLogin(OwnLogin&& other) noexcept;
    OwnLogin& operator=(OwnLogin&&) = delete;

    ImportEnd take_end() { return std::move(end_); }

  private:
    OwnLogin(controlplane::Connection& connection, std::string address, std::string label,
             ImportEnd end)
        : connection_(&connection),
          address_(std::move(address)),
          label_(std::move(label)),
          end_(std::move(end)) {}

    controlplane::Connection* connection_;
    std::string address_;
    std::string label_;
    ImportEnd end_;
};

}  // namespace gatepost::tools
