"""What S3 Select says no with: its own codes, in AWS's words.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#SelectObjectContentErrorCodeList
"""

from __future__ import annotations

from haar.errors import ServiceError

#: code: AWS's message
MESSAGES: dict[str, str] = {
    "AmbiguousFieldName": "Field name matches to multiple fields in the file. Check the SQL expression and the file, "
    "and try again.",
    "CSVEscapingRecordDelimiter": "Encountered quoted record delimiter in the file. To allow quoted record delimiters, "
    "please set AllowQuotedRecordDelimiter to 'TRUE'.",
    "CSVUnescapedQuote": "Encountered unescaped quote while parsing the CSV file. To allow quoted record delimiters, "
    "please set AllowQuotedRecordDelimiter to 'TRUE'.",
    "CastFailed": "Attempt to convert from one data type to another using CAST failed in the SQL expression.",
    "EvaluatorBindingDoesNotExist": "A column name or a path provided does not exist in the SQL expression.",
    "EvaluatorInvalidArguments": "Incorrect number of arguments in the function call in the SQL expression.",
    "EvaluatorInvalidTimestampFormatPattern": "Time stamp format pattern requires additional fields in the SQL "
    "expression.",
    "EvaluatorInvalidTimestampFormatPatternSymbol": "Time stamp format pattern contains an invalid symbol in the SQL "
    "expression.",
    "EvaluatorInvalidTimestampFormatPatternSymbolForParsing": "Time stamp format pattern contains a valid format "
    "symbol that cannot be applied to time stamp parsing in the SQL expression.",
    "EvaluatorInvalidTimestampFormatPatternToken": "Time stamp format pattern contains an invalid token in the SQL "
    "expression.",
    "EvaluatorTimestampFormatPatternDuplicateFields": "Time stamp format pattern contains multiple format specifiers "
    "representing the time stamp field in the SQL expression.",
    "EvaluatorTimestampFormatPatternHourClockAmPmMismatch": "Time stamp format pattern contains a 12-hour hour of day "
    "format symbol but doesn't also contain an AM/PM field, or it contains a 24-hour hour of day format specifier and "
    "contains an AM/PM field in the SQL expression.",
    "EvaluatorUnterminatedTimestampFormatPatternToken": "Time stamp format pattern contains unterminated token in the "
    "SQL expression.",
    "ExpressionTooLong": "The SQL expression is too long: The maximum byte-length for the SQL expression is 256 KB.",
    "IllegalSqlFunctionArgument": "Illegal argument was used in the SQL function.",
    "IncorrectSqlFunctionArgumentType": "Incorrect type of arguments in function call in the SQL expression.",
    "IntegerOverflow": "Int overflow or underflow in the SQL expression.",
    "InvalidColumnIndex": "The column index in the SQL expression is invalid.",
    "InvalidCompressionFormat": "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.",
    "InvalidDataSource": "Invalid data source type. Only CSV, JSON, and Parquet are supported.",
    "InvalidDataType": "The SQL expression contains an invalid data type.",
    "InvalidExpressionType": "The ExpressionType is invalid. Only SQL expressions are supported.",
    "InvalidFileHeaderInfo": "The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.",
    "InvalidJsonType": "The JsonType is invalid. Only DOCUMENT and LINES are supported.",
    "InvalidKeyPath": "Key path in the SQL expression is invalid.",
    "InvalidQuoteFields": "The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.",
    "InvalidRequestParameter": "The value of a parameter in SelectRequest element is invalid. Check the service API "
    "documentation and try again.",
    "InvalidScanRange": "The provided scan range is invalid.",
    "InvalidTableAlias": "The SQL expression contains an invalid table alias.",
    "InvalidTextEncoding": "Invalid encoding type. Only UTF-8 encoding is supported.",
    "JSONParsingError": "Encountered an error parsing the JSON file. Check the file and try again.",
    "LexerInvalidChar": "The SQL expression contains an invalid character.",
    "LexerInvalidIONLiteral": "The SQL expression contains an invalid ION literal.",
    "LexerInvalidLiteral": "The SQL expression contains an invalid literal.",
    "LexerInvalidOperator": "The SQL expression contains an invalid operator.",
    "LikeInvalidInputs": "Invalid argument given to the LIKE clause in the SQL expression.",
    "MissingHeaders": "Some headers in the query are missing from the file. Check the file and try again.",
    "MissingRequiredParameter": "The SelectRequest entity is missing a required parameter. Check the service "
    "documentation and try again.",
    "ObjectSerializationConflict": "InputSerialization specifies more than one format (CSV, JSON, or Parquet), or "
    "OutputSerialization specifies more than one format (CSV or JSON). InputSerialization and OutputSerialization can "
    "only specify one format each.",
    "OverMaxParquetBlockSize": "The Parquet file is above the max row group size.",
    "OverMaxRecordSize": "The character number in one record is more than our max threshold, maxCharsPerRecord: "
    "1,048,576",
    "ParquetParsingError": "Encountered an error parsing the Parquet file. Check the file and try again.",
    "ParquetUnsupportedCompressionCodec": "The specified Parquet compression codec is not supported.",
    "ParseAsteriskIsNotAloneInSelectList": "Other expressions are not allowed in the SELECT list when '*' is used "
    "without dot notation in the SQL expression.",
    "ParseCannotMixSqbAndWildcardInSelectList": "Cannot mix [] and * in the same expression in a SELECT list in SQL "
    "expression.",
    "ParseCastArity": "The SQL expression CAST has incorrect arity.",
    "ParseEmptySelect": "The SQL expression contains an empty SELECT.",
    "ParseExpectedArgumentDelimiter": "Did not find the expected argument delimiter in the SQL expression.",
    "ParseExpectedDatePart": "Did not find the expected date part in the SQL expression.",
    "ParseExpectedExpression": "Did not find the expected SQL expression.",
    "ParseExpectedIdentForAlias": "Did not find the expected identifier for the alias in the SQL expression.",
    "ParseExpectedKeyword": "Did not find the expected keyword in the SQL expression.",
    "ParseExpectedLeftParenAfterCast": "Did not find the expected left parenthesis in the SQL expression.",
    "ParseExpectedLeftParenBuiltinFunctionCall": "Did not find the expected left parenthesis in the SQL expression.",
    "ParseExpectedNumber": "Did not find the expected number in the SQL expression.",
    "ParseExpectedRightParenBuiltinFunctionCall": "Did not find the expected right parenthesis character in the SQL "
    "expression.",
    "ParseExpectedTokenType": "Did not find the expected token in the SQL expression.",
    "ParseExpectedTypeName": "Did not find the expected type name in the SQL expression.",
    "ParseExpectedWhenClause": "Did not find the expected WHEN clause in the SQL expression.",
    "ParseInvalidContextForWildcardInSelectList": "Invalid use of * in SELECT list in the SQL expression.",
    "ParseInvalidPathComponent": "The SQL expression contains an invalid path component.",
    "ParseInvalidTypeParam": "The SQL expression contains an invalid parameter value.",
    "ParseMalformedJoin": "JOIN is not supported in the SQL expression.",
    "ParseNonUnaryAgregateFunctionCall": "Only one argument is supported for aggregate functions in the SQL "
    "expression.",
    "ParseSelectMissingFrom": "The SQL expression contains a missing FROM after the SELECT list.",
    "ParseUnExpectedKeyword": "The SQL expression contains an unexpected keyword.",
    "ParseUnexpectedOperator": "The SQL expression contains an unexpected operator.",
    "ParseUnexpectedTerm": "The SQL expression contains an unexpected term.",
    "ParseUnexpectedToken": "The SQL expression contains an unexpected token.",
    "ParseUnsupportedCallWithStar": "Only COUNT with (*) as a parameter is supported in the SQL expression.",
    "ParseUnsupportedLiteralsGroupBy": "The SQL expression contains an unsupported use of GROUP BY.",
    "ParseUnsupportedSelect": "The SQL expression contains an unsupported use of SELECT.",
    "ParseUnsupportedSyntax": "The SQL expression contains unsupported syntax.",
    "TruncatedInput": "Object decompression failed. Check that the object is properly compressed using the format "
    "specified in the request.",
    "UnsupportedFunction": "Encountered an unsupported SQL function.",
    "UnsupportedParquetType": "The specified Parquet type is not supported.",
    "UnsupportedScanRangeInput": "The scan range is not supported for this object.",
    "UnsupportedSqlOperation": "Encountered an unsupported SQL operation.",
    "UnsupportedSqlStructure": "Encountered an unsupported SQL structure. Check the SQL Reference.",
    "UnsupportedTypeForQuerying": "Your query contains an unsupported type for comparison (e.g. verifying that a "
    "Parquet INT96 column type is greater than 0).",
    "ValueParseFailure": "Time stamp parse failure in the SQL expression.",
}


def refusal(code: str, message: str = "") -> ServiceError:
    """The error of a code: AWS's general message for it, or the more exact one given."""
    return ServiceError(code, message or MESSAGES[code], status=400)
