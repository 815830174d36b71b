// For the files that speak to PostgreSQL.
#pragma once

#include "cmake/precompiled/plain.hpp"

#include <pqxx/pqxx>
