"""Working submissions to start from: ``drivebench init-submission DIR --template NAME``, one folder each."""
