// PostgreSQL's errors as ours: SQLSTATE (PostgreSQL 15, appendix A) → ErrorCode, and one message
// for people that keeps the server's DETAIL and HINT.
#pragma once

#include <string_view>

#include "storage/base/error.h"

struct pg_conn;
struct pg_result;

namespace gatepost::controlplane {

ErrorCode error_code_from_sqlstate(std::string_view sqlstate);
Error error_from_result(const pg_result* result);
// Of an open or broken connection. With PQERRORS_VERBOSE set during connection, the SQLSTATE is in
// the text.
Error error_from_connection(const pg_conn* conn);
// True for errors that a new connection or a later attempt may get rid of: unreachable and
// conflict.
bool error_is_transient(const Error& error);

}  // namespace gatepost::controlplane
